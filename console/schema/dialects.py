"""dialects: which dialect a target or a connection speaks."""

from __future__ import annotations

from console.schema.dialect import Dialect
from console.schema.errors import Unsupported
from console.schema.mariadb import MariaDB
from console.schema.postgresql import PostgreSQL
from console.schema.sqlite import SQLite
from console.schema.target import Target

DIALECTS: dict[str, type[Dialect]] = {
    "sqlite": SQLite,
    "postgresql": PostgreSQL,
    "mysql": MariaDB,
    "mariadb": MariaDB,
}


def dialect_of(target: Target) -> Dialect:
    """Return the dialect of a target; raise Unsupported where none is written yet."""
    return dialect_named(target.parsed_url.get_backend_name())


def dialect_named(name: str) -> Dialect:
    """Return a dialect by SQLAlchemy's name for the backend, or raise Unsupported."""
    if name in DIALECTS:
        return DIALECTS[name]()
    raise Unsupported(
        f"Plans cannot be executed on {name}, only on SQLite, PostgreSQL, MariaDB and MySQL. "
        "The history can be read."
    )
