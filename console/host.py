"""How a child process that runs migrations reaches a Flask application and its configuration."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from inspect import signature
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from flask import Flask

FACTORIES = ("create_app", "make_app")  # where Flask's own command line looks


class HostError(Exception):
    """The application cannot be imported the way the settings say; `str()` is one sentence."""


@contextmanager
def flask_application(
    url: str, spec: str, bind: str = "", directory: str | None = None, only: str | None = None
) -> Iterator[Config]:
    """Yield Flask-Migrate's configuration of the application `spec` ("module:factory_or_app"), for
    the script folder `directory` if it is not the application's own.

    Inside the block the application's context is pushed and its engine (that of `bind`, or the
    default one) leads to `url`, whatever the application itself is configured with, so that an
    env.py that asks `db.engine` migrates the database that was meant. With `only` (the bind again) the
    application has no other bind, and every other engine leads to an empty database in memory.
    HostError if the application or its Flask-Migrate cannot be had; what importing the application
    raises passes through.
    """
    app = load_application(spec)
    migrate = app.extensions.get("migrate")
    if migrate is None:
        raise HostError(f"The application {spec} has no Flask-Migrate, so its history is unknown.")
    # every connection is opened for one purpose and closed after it: nothing is left in a pool
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with app.app_context():
        if only is not None:
            _leave_only(app, migrate.db, bind)
        migrate.db.engines[bind or None] = engine
        try:
            yield migrate.migrate.get_config(directory)
        finally:
            engine.dispose()


def _leave_only(app: Flask, db: Any, bind: str) -> None:
    """Lead every engine but one nowhere. Flask-Migrate's env.py asks this setting for the names."""
    binds = app.config.get("SQLALCHEMY_BINDS") or {}
    app.config["SQLALCHEMY_BINDS"] = {name: one for name, one in binds.items() if name == bind}
    for name in list(db.engines):
        db.engines[name] = sa.create_engine("sqlite://", poolclass=sa.NullPool)


def load_application(spec: str) -> Flask:
    """Import `spec` ("module:name"), call it if it is a factory, and return the application.

    HostError where there is no such module, or what it names is no application and makes none.
    """
    module, _, name = spec.partition(":")
    try:
        found: Any = getattr(import_module(module), name or "app", None)
    except ModuleNotFoundError as error:
        missing = error.name or module
        if missing != module and not module.startswith(f"{missing}."):
            raise  # something that the application itself needs
        raise HostError(
            f"There is no module '{missing}' to import; CONSOLE_APP is '{spec}' and has to name an "
            "application, or a function that makes one, as module:name."
        ) from error
    if not isinstance(found, Flask) and callable(found) and _takes_nothing(found):
        found = found()
    if not isinstance(found, Flask):
        raise HostError(
            f"'{spec}' is not a Flask application; "
            "CONSOLE_APP has to name one, or a function that makes one, as module:name."
        )
    return found


def name_of(app: Flask) -> str:
    """Where another process can import `app`, as module:name: what the module that it is named after
    calls it, or one of Flask's own names for a factory. HostError where neither is there."""
    module = sys.modules.get(app.import_name)
    names = vars(module) if module is not None and app.import_name != "__main__" else {}
    for name, value in names.items():
        if value is app:
            return f"{app.import_name}:{name}"
    for name in FACTORIES:
        if callable(names.get(name)) and _takes_nothing(names[name]):
            return f"{app.import_name}:{name}"
    raise HostError(
        f"The processes that run migrations cannot tell where to import the application "
        f"'{app.name}'; set CONSOLE_APP to it, or to a function that makes it, as module:name."
    )


def _takes_nothing(factory: Callable[..., Any]) -> bool:
    """Whether it can be called without arguments, as far as can be told."""
    try:
        signature(factory).bind()
    except TypeError:
        return False
    except ValueError:  # one that does not tell
        return True
    return True
