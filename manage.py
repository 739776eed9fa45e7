#!/usr/bin/env python3
"""The command line of this application: `.venv/bin/python manage.py --help`."""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python is told so
    sys.exit("manage.py needs Python 3.11 or newer; run it as .venv/bin/python manage.py")

try:
    from console.cli import command_line
except ModuleNotFoundError as error:
    if error.name and error.name.startswith("console"):
        raise
    sys.exit(
        f"manage.py needs the package {error.name}; run `make setup` once, "
        "then .venv/bin/python manage.py"
    )


def seed() -> bool:
    """Fill the empty tables of the shop; without the shop, remove this and the argument below."""
    from console.extensions import db
    from console.shop.seed import seed

    return seed(db.session)


main = command_line("console.app:create_app", seed=seed)

if __name__ == "__main__":
    main()
