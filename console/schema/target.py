"""target: one managed database, with its history and its version table."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url

from console.schema.sample import LIMIT


@dataclass(frozen=True)
class Host:
    """How a child process reaches the code that a target's env.py needs.

    `factory` is "module:callable". The child imports it and calls it with `(url, *args)`; it
    returns a context manager that yields the `alembic.config.Config` to run with, connected to
    `url`. Flask targets push their application's context there.

    `only` is for an env.py that goes over several databases: the engine name that it knows this one
    by ("" for the default). Unless all of them are compared, the factory gets it, as `only`, and
    leads every other engine nowhere.
    """

    factory: str
    args: tuple[str, ...] = ()
    only: str | None = None


@dataclass(frozen=True)
class Target:
    """One managed database.

    `url` carries the password and is left out of `repr`. `script_location` is the folder that holds
    env.py; `version_locations` the folders of the revision files (its `versions` by default).
    `host` is None for a plain Alembic history, whose settings are the section `ini_section` of its
    alembic.ini (`ini`) and its pyproject.toml (`toml`), and which is run
    with the arguments `x`. `paths` are put in front
    of `sys.path` in child processes and `last_paths` at its end; they start in `directory` and are
    `python` (our own interpreter if it is None), and find the URL in the variable `url_variable`, if
    one is named. `here` is what `%(here)s` in these files means, where that is not the folder that
    they lie in. `origin` is the folder that a snapshot's script folder is a copy of. Of a database of
    more than `rehearsal_limit` bytes, a rehearsal copies a sample. `stands_for` is the URL of the real
    database where `url` leads to a copy of it, or to an empty one in its place: then nothing outside of
    that may change.
    """

    name: str
    url: str = field(repr=False)
    script_location: Path
    version_locations: tuple[Path, ...]
    version_table: str = "alembic_version"
    version_table_schema: str | None = None
    recursive_version_locations: bool = False
    host: Host | None = None
    ini: Path | None = None
    toml: Path | None = None
    ini_section: str = "alembic"
    x: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()
    last_paths: tuple[Path, ...] = ()
    python: Path | None = None
    directory: Path | None = None
    url_variable: str | None = None
    rehearsal_limit: int = LIMIT
    here: Path | None = None
    origin: Path | None = None
    stands_for: str = field(default="", repr=False)

    @property
    def parsed_url(self) -> URL:
        """The URL as SQLAlchemy reads it."""
        return make_url(self.url)

    @property
    def version_tables(self) -> tuple[str, ...]:
        """The version table by every name that a reading of the schema may give it."""
        schema = self.version_table_schema
        qualified = (f"{schema}.{self.version_table}",) if schema else ()
        return (self.version_table, *qualified)

    @property
    def identity(self) -> str:
        """Which database this is, without who signs in to it: what an approval is bound to."""
        return identity_of(self.parsed_url)

    @property
    def key(self) -> str:
        """A short stable name of the database itself, for lock names and file names."""
        return hashlib.sha256(self.identity.encode()).hexdigest()[:12]


DEFAULT_PORTS = {"postgresql": "5432", "mysql": "3306"}


def identity_of(url: URL) -> str:
    """The database behind a URL: backend, host, port and database; for SQLite the absolute path.

    A default port is left out, and MariaDB is called mysql, so that two ways to write one URL have
    one identity. Two names of one host have not: whether they are one is not for us to say.
    """
    backend = url.get_backend_name()
    if backend == "sqlite":
        file = sqlite_file(url)
        return f"sqlite:{file.resolve()}" if file else "sqlite::memory:"
    backend = "mysql" if backend == "mariadb" else backend
    host = url.host or _text(url.query.get("host") or url.query.get("unix_socket")) or "localhost"
    port = str(url.port or _text(url.query.get("port")))
    port = "" if port in ("", DEFAULT_PORTS.get(backend)) else f":{port}"
    return f"{backend}://{host}{port}/{url.database or ''}"


def sqlite_file(url: URL) -> Path | None:
    """Return the file of an SQLite URL, or None for a database in memory or on a server."""
    database = url.database or ""
    if database.startswith("file:"):
        database = unquote(database.removeprefix("file:").partition("?")[0])
        if database.startswith("//"):
            database = "/" + database.lstrip("/")
    if url.get_backend_name() != "sqlite" or database in ("", ":memory:"):
        return None
    return Path(database).absolute()


def _text(value: str | tuple[str, ...] | None) -> str:
    """One text of what a URL's query may hold several of."""
    return value if isinstance(value, str) else ",".join(value or ())
