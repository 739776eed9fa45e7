"""external: databases with an Alembic history of their own, named by a TOML file.

Somebody else's project is listed, planned, rehearsed and applied from where it lies, without being
installed here; its own interpreter runs its migrations, if one is named.
"""

from __future__ import annotations

import os
import re
import tomllib
from configparser import Error as IniError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from console.config import SettingsError
from console.schema.target import Host, Target, sqlite_file
from console.services.targets import FLASK_HOST

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
VARIABLE = re.compile(r"\$\{(\w+)\}")
RESERVED = ("default",)
KEYS = {
    "url": "The database, as an SQLAlchemy URL; `${NAME}` stands for a variable of the environment.",
    "script_location": "The folder that holds env.py.",
    "ini": "The project's alembic.ini; the folder that it lies in is where its env.py runs.",
    "version_table": "The table in which Alembic keeps its place.",
    "version_table_schema": "The schema of that table, if env.py names one.",
    "python": "The interpreter (3.11 or newer) that has what the project's env.py imports.",
    "url_variable": "The variable in which its env.py looks for the URL, if it does not ask alembic.ini.",
    "application": "The Flask application that its env.py asks for, as `module:name`.",
    "bind": "The bind of that application's Flask-SQLAlchemy that leads to this database.",
}


def read_targets(file: Path | None) -> dict[str, Target]:
    """Return the targets that a file names, by name; none without a file.

    Paths and SQLite files in it start at its own folder. SettingsError, in one sentence, for what
    cannot be used.
    """
    if file is None:
        return {}
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _error(f"{file} cannot be read: {error}.") from None
    tables = data.get("targets", {})
    if set(data) - {"targets"} or not isinstance(tables, dict):
        raise _error(f"{file} may hold tables [targets.NAME] only.")
    return {name: _Entry(file, name, values).target() for name, values in tables.items()}


@dataclass(frozen=True)
class _Entry:
    """One table of the file."""

    file: Path
    name: str
    values: Any

    def target(self) -> Target:
        """The target that it describes."""
        self._check()
        ini = self._ini()
        config = Config(str(ini)) if ini else Config()
        location = self._location(config, ini)
        directory = ini.parent if ini and ini.parent != location else location.parent
        paths = _import_paths(config, directory)
        config.set_main_option("script_location", str(location).replace("%", "%%"))
        config.set_main_option("prepend_sys_path", "")  # or Alembic would put it on our own path
        return Target(
            name=self.name,
            url=self._url(config, directory),
            script_location=location,
            version_locations=self._versions(config, location),
            version_table=self.values.get("version_table", "alembic_version"),
            version_table_schema=self.values.get("version_table_schema"),
            recursive_version_locations=_is_recursive(config),
            host=self._host(location),
            ini=ini,
            paths=paths,
            last_paths=(directory,),
            python=self._python(),
            directory=directory,
            url_variable=self.values.get("url_variable"),
        )

    def _check(self) -> None:
        """Names and kinds of what the table holds."""
        if not NAME.fullmatch(self.name) or self.name in RESERVED:
            raise self._refuse("has to be named in small letters, and not 'default'")
        if not isinstance(self.values, dict):
            raise self._refuse("has to be a table")
        for key, value in self.values.items():
            if key not in KEYS:
                raise self._refuse(f"has '{key}', which is none of {', '.join(KEYS)}")
            if not isinstance(value, str) or not value:
                raise self._refuse(f"needs text for '{key}'")

    def _ini(self) -> Path | None:
        if given := self.values.get("ini"):
            return self._existing(given, "ini")
        if location := self.values.get("script_location"):
            folder = self._path(location)
            beside = (folder / "alembic.ini", folder.parent / "alembic.ini")
            return next((path for path in beside if path.is_file()), None)
        raise self._refuse("needs 'script_location' or 'ini'")

    def _location(self, config: Config, ini: Path | None) -> Path:
        if given := self.values.get("script_location"):
            location = self._path(given)
        else:
            assert ini is not None
            location = (ini.parent / _option(config, "script_location")).resolve()
        if not (location / "env.py").is_file():
            raise self._refuse(f"has no env.py in {location}")
        return location

    def _versions(self, config: Config, location: Path) -> tuple[Path, ...]:
        try:
            scripts = ScriptDirectory.from_config(config)
        except CommandError:
            return (location / "versions",)
        found = scripts.version_locations or ()
        base = Path(config.config_file_name).parent if config.config_file_name else location.parent
        return tuple((base / place).resolve() for place in found) or (location / "versions",)

    def _url(self, config: Config, directory: Path) -> str:
        base = self.file.parent if "url" in self.values else directory
        text = self.values.get("url") or _option(config, "sqlalchemy.url")
        if not text:
            raise self._refuse("needs 'url', since its alembic.ini has none")
        try:
            url = make_url(VARIABLE.sub(self._variable, text))
        except ArgumentError:
            raise self._refuse("has a 'url' that is no database URL") from None
        if url.get_backend_name() == "sqlite" and not (url.database or "").startswith("file:"):
            if sqlite_file(url) is None:
                raise self._refuse("names an SQLite database in memory; name a file")
            url = url.set(database=str((base / (url.database or "")).resolve()))
        return url.render_as_string(hide_password=False)

    def _variable(self, found: re.Match[str]) -> str:
        value = os.environ.get(found[1])
        if value is None:
            raise self._refuse(f"asks for the variable {found[1]}, which is not set")
        return value

    def _host(self, location: Path) -> Host | None:
        application = self.values.get("application")
        if application is None:
            if "bind" in self.values:
                raise self._refuse("has a 'bind' and needs the 'application' that has it")
            return None
        return Host(FLASK_HOST, (application, self.values.get("bind", ""), str(location)))

    def _python(self) -> Path | None:
        given = self.values.get("python")
        if given is None:
            return None
        path = (
            self.file.parent / Path(given).expanduser()
        )  # a link of a virtual environment stays one
        if not os.access(path, os.X_OK) or path.is_dir():
            raise self._refuse(f"names the interpreter {path}, which cannot be run")
        return path

    def _existing(self, given: str, key: str) -> Path:
        path = self._path(given)
        if not path.is_file():
            raise self._refuse(f"names {path} as '{key}', which is no file")
        return path

    def _path(self, given: str) -> Path:
        return (self.file.parent / Path(given).expanduser()).resolve()

    def _refuse(self, reason: str) -> SettingsError:
        return _error(f"the target '{self.name}' in {self.file} {reason}.")


def _error(reason: str) -> SettingsError:
    return SettingsError("CONSOLE_TARGETS", f"CONSOLE_TARGETS: {reason}")


def _option(config: Config, name: str) -> str:
    """An option of alembic.ini; "" where there is none or it cannot be read."""
    try:
        return config.get_main_option(name) or ""
    except IniError:
        return ""


def _is_recursive(config: Config) -> bool:
    return _option(config, "recursive_version_locations").lower() in ("true", "1", "yes", "on")


def _import_paths(config: Config, directory: Path) -> tuple[Path, ...]:
    """What alembic.ini puts in front of `sys.path`."""
    given = _option(config, "prepend_sys_path")
    separator = {"os": os.pathsep, "space": " ", "newline": "\n"}.get(
        _option(config, "path_separator")
    )
    places = given.split(separator) if separator else re.split(r"[, ]+|:", given)
    found = [(directory / place.strip()).resolve() for place in places if place.strip()]
    return tuple(dict.fromkeys(found))
