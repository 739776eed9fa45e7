"""external: databases with an Alembic history of their own, named by a TOML file.

Somebody else's project is listed, planned, rehearsed and applied from where it lies, without being
installed here; its own interpreter runs its migrations, if one is named.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from console.config import SettingsError
from console.schema.target import Host, Target, sqlite_file
from console.services.project import TOML, Project, toml_beside
from console.services.targets import FLASK_HOST

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
VARIABLE = re.compile(r"\$\{(\w+)\}")
RESERVED = ("default",)
KEYS = {
    "url": "The database, as an SQLAlchemy URL; `${NAME}` stands for a variable of the environment.",
    "script_location": "The folder that holds env.py.",
    "ini": "The project's alembic.ini or pyproject.toml; its folder is where its env.py runs.",
    "ini_section": "The section of alembic.ini, if it is not `alembic` (`alembic --name`).",
    "x": 'The arguments that its env.py asks for by `get_x_argument()`, as a list: `["tenant=one"]`.',
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
        try:
            return self._described()
        except ValueError as error:
            raise self._refuse(f"has settings that cannot be read: {error}") from None

    def _described(self) -> Target:
        project, location = self.project, self._location()
        return Target(
            name=self.name,
            url=self._url(),
            script_location=location,
            version_locations=self._versions(location),
            version_table=self.values.get("version_table", "alembic_version"),
            version_table_schema=self.values.get("version_table_schema"),
            recursive_version_locations=project.is_set("recursive_version_locations"),
            host=self._host(location),
            ini=project.ini,
            toml=project.toml,
            ini_section=project.section,
            x=tuple(self.values.get("x", ())),
            paths=self._import_paths(),
            last_paths=(self._directory,),
            python=self._python(),
            directory=self._directory,
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
            if key == "x":
                if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
                    raise self._refuse("needs a list of texts for 'x'")
            elif not isinstance(value, str) or not value:
                raise self._refuse(f"needs text for '{key}'")

    @cached_property
    def project(self) -> Project:
        """The files that say the rest."""
        section = self.values.get("ini_section", "alembic")
        if given := self.values.get("ini"):
            file = self._existing(given, "ini")
            if file.name != TOML:
                return Project(file, toml_beside(file.parent), section)
            beside = file.with_name("alembic.ini")
            return Project(beside if beside.is_file() else None, file, section)
        if location := self.values.get("script_location"):
            folder = self._path(location)
            places = (folder / "alembic.ini", folder.parent / "alembic.ini")
            ini = next((path for path in places if path.is_file()), None)
            return Project(ini, toml_beside(folder, folder.parent), section)
        raise self._refuse("needs 'script_location' or 'ini'")

    @property
    def _directory(self) -> Path:
        """Where its env.py runs."""
        location, file = self._location(), self.project.ini or self.project.toml
        return file.parent if file and file.parent != location else location.parent

    def _location(self) -> Path:
        if given := self.values.get("script_location"):
            location = self._path(given)
        else:
            file = self.project.ini or self.project.toml
            assert file is not None
            said = self.project.text("script_location")
            if not said:
                raise self._refuse(f"needs 'script_location', since {file} has none")
            location = self._resource(said, file.parent)
        if not (location / "env.py").is_file():
            raise self._refuse(f"has no env.py in {location}")
        return location

    def _versions(self, location: Path) -> tuple[Path, ...]:
        file = self.project.ini or self.project.toml
        base = file.parent if file else location.parent
        found = [self._resource(place, base) for place in self.project.version_locations()]
        return tuple(found) or (location / "versions",)

    def _resource(self, said: str, base: Path) -> Path:
        """A folder as Alembic may name it: by its path, or as `package:folder`."""
        package, colon, inside = said.partition(":")
        if not colon or Path(said).is_absolute():
            return (base / said).resolve()
        place = Path(*package.split("."), *inside.split(":"))
        roots = [*((base / path).resolve() for path in self.project.import_paths()), base]
        found = next((root / place for root in roots if (root / place).is_dir()), None)
        if found is None:
            raise self._refuse(
                f"names the folder '{said}' in a package that is not found below {base}; name it by "
                "its path, as 'script_location'"
            )
        return found

    def _import_paths(self) -> tuple[Path, ...]:
        places = self.project.import_paths()
        return tuple(dict.fromkeys((self._directory / place).resolve() for place in places))

    def _url(self) -> str:
        base = self.file.parent if "url" in self.values else self._directory
        text = self.values.get("url") or self.project.text("sqlalchemy.url")
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
