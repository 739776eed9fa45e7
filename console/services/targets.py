"""targets: the managed databases of a Flask application, from its own Flask-Migrate configuration."""

from __future__ import annotations

import ast
import configparser
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.script import ScriptDirectory
from alembic.util import CommandError

from console.schema.parsing import parse
from console.schema.target import Host, Target
from console.services.errors import Misconfigured, NotFound, Refused

if TYPE_CHECKING:
    from flask import Flask

FLASK_HOST = "console.host:flask_application"


def flask_targets(app: Flask, *, application: str = "console.app:create_app") -> dict[str, Target]:
    """The targets of `app` by name: its default engine, and every bind if its env.py is of
    Flask-Migrate's layout for several databases. Raises as `flask_target` does."""
    default = flask_target(app, application=application)
    if not _is_for_several(default.script_location / "env.py"):
        return {default.name: default}
    targets = {default.name: replace(default, host=Host(FLASK_HOST, (application,), only=""))}
    with app.app_context():
        engines = dict(app.extensions["migrate"].db.engines)
    for bind in app.config.get("SQLALCHEMY_BINDS") or {}:
        name = bind if bind not in targets else f"{bind}-bind"
        url = engines[bind].url.render_as_string(hide_password=False)
        host = Host(FLASK_HOST, (application, bind), only=bind)
        targets[name] = replace(default, name=name, url=url, host=host)
    return targets


def _is_for_several(environment: Path) -> bool:
    """Whether an env.py tells `run_migrations` which of several engines it runs for."""
    try:
        tree = parse(environment.read_bytes())
    except (OSError, SyntaxError):
        return False
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "run_migrations"
        and any(keyword.arg == "engine_name" for keyword in node.keywords)
        for node in ast.walk(tree)
    )


def flask_target(
    app: Flask, name: str = "default", *, application: str = "console.app:create_app"
) -> Target:
    """The target of `app`: its default engine and the history Flask-Migrate is configured with.

    `application` ("module:factory_or_app") is how a child process imports the same application.
    Refused where the application has no Flask-Migrate; Misconfigured where its alembic.ini or its
    settings cannot be read.
    """
    extension = app.extensions.get("migrate")
    if extension is None:
        raise Refused("The application has no Flask-Migrate; call Migrate(app, db) before Console.")
    with app.app_context(), _said_in_one_line(name):
        config = extension.migrate.get_config()
        url = extension.db.engine.url.render_as_string(hide_password=False)
        folder = Path(config.get_main_option("script_location") or extension.directory).resolve()
        recursive, versions = _version_locations(config, folder)
    arguments: Mapping[str, Any] = extension.configure_args
    ini = Path(config.config_file_name).resolve() if config.config_file_name else None
    return Target(
        name=name,
        url=url,
        script_location=folder,
        version_locations=versions,
        version_table=arguments.get("version_table", "alembic_version"),
        version_table_schema=arguments.get("version_table_schema"),
        recursive_version_locations=recursive,
        host=Host(FLASK_HOST, (application,)),
        ini=ini,
        paths=_import_paths(application),
    )


@contextmanager
def _said_in_one_line(name: str) -> Iterator[None]:
    """Raise Misconfigured instead of what the parser of alembic.ini raises."""
    try:
        yield
    except (configparser.Error, UnicodeDecodeError) as error:
        said = " ".join(str(error).split())
        raise Misconfigured(
            f"The settings of the migrations of '{name}' cannot be read: {said[:300]}"
        ) from error


def find_target(targets: Mapping[str, Target], name: str) -> Target:
    """The target called `name`; NotFound with the names there are."""
    try:
        return targets[name]
    except KeyError:
        known = ", ".join(sorted(targets)) or "none"
        raise NotFound(f"There is no target '{name}'; there is {known}.") from None


def _version_locations(config: Any, folder: Path) -> tuple[bool, tuple[Path, ...]]:
    """Whether to look into subfolders, and the folders of the revision files, as Alembic reads them."""
    try:
        scripts = ScriptDirectory.from_config(config)
    except CommandError:  # no script folder yet: an empty history
        return False, (folder / "versions",)
    found = tuple(Path(place).resolve() for place in scripts.version_locations)
    return bool(scripts.recursive_version_locations), found or (folder / "versions",)


def _import_paths(application: str) -> tuple[Path, ...]:
    """The folder from which a child process can import `application` as this one does."""
    module = application.partition(":")[0]
    top = module.partition(".")[0]
    loaded = sys.modules.get(top)
    origin = getattr(loaded, "__file__", None)
    if origin is None and loaded is None:
        spec = importlib.util.find_spec(top)
        origin = spec.origin if spec else None
    if origin is None:
        return (Path.cwd(),)
    path = Path(os.path.realpath(origin))
    return (path.parent.parent if path.name == "__init__.py" else path.parent,)
