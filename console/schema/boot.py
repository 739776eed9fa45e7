"""boot: the console's modules in a process that runs migrations, and nothing else of ours.

    python -P boot.py console.schema.child <answer pipe> <folder>...

A file, and not `-m`: with our folder on `sys.path` a project would find our `tests`, `migrations` or,
where the console is installed, every package of ours before its own. The folders are looked at last,
after the standard library: a package of the project may be called as one of its modules is.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent


def load_package() -> None:
    """Import the package `console` from where this file lies."""
    spec = spec_from_file_location(
        PACKAGE.name, PACKAGE / "__init__.py", submodule_search_locations=[str(PACKAGE)]
    )
    assert spec is not None
    assert spec.loader is not None
    sys.modules[PACKAGE.name] = module = module_from_spec(spec)
    spec.loader.exec_module(module)


if __name__ == "__main__":
    load_package()
    last, sys.argv = sys.argv[3:], sys.argv[1:3]
    sys.path.extend(folder for folder in last if folder not in sys.path)
    import_module(sys.argv[0]).main()
