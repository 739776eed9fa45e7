"""catalogue: the schema of a database as values, and what a difference between two of them is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from console.schema.mariadb_catalogue import read_mariadb
from console.schema.own import is_own
from console.schema.postgresql_catalogue import read_postgresql
from console.schema.reflection import read_reflected
from console.schema.sqlite_catalogue import read_sqlite
from console.schema.sqltext import key
from console.schema.table import Column, Part, Table, View

__all__ = [
    "EMPTY_FINGERPRINT",
    "Catalogue",
    "Change",
    "Column",
    "Difference",
    "Part",
    "Sign",
    "Table",
    "TableDifference",
    "View",
    "fingerprint_of",
    "read_catalogue",
]

VERSION_TABLE = "alembic_version"
READERS = {
    "sqlite": read_sqlite,
    "postgresql": read_postgresql,
    "mysql": read_mariadb,
    "mariadb": read_mariadb,
}


@dataclass(frozen=True)
class Catalogue:
    """Everything in one database but Alembic's version table and the console's own tables."""

    tables: tuple[Table, ...]
    views: tuple[View, ...] = ()
    fingerprint: str = ""


Sign = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class Change:
    """One line of a table's difference: `kind` "column", "index", …; `before`/`after` in words."""

    sign: Sign
    kind: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class TableDifference:
    """What happens to one table; or, with `is_view`, to a view or what else stands by itself, as
    `kind` says."""

    name: str
    sign: Sign
    changes: tuple[Change, ...]
    is_view: bool = False
    kind: str = ""

    @property
    def noun(self) -> str:
        """What it is: "table", "view", "sequence", …"""
        return self.kind or ("view" if self.is_view else "table")


@dataclass(frozen=True)
class Difference:
    """What happens to a whole schema, per table, sorted by name; falsy when nothing does."""

    tables: tuple[TableDifference, ...]

    def __bool__(self) -> bool:
        return bool(self.tables)


def read_catalogue(connection: Connection, *, exclude: Collection[str] = ()) -> Catalogue:
    """Return the schema of the database behind a connection, tables and views sorted by name; with
    the views, the sequences and types that belong to no table.

    Leaves out what `exclude` names, Alembic's `alembic_version`, the console's own tables and the
    database's internal ones. The databases we know are read exactly, others as SQLAlchemy reflects
    them. SQLAlchemy's errors pass through.
    """
    left_out = {name.lower() for name in exclude} | {VERSION_TABLE}

    def is_wanted(name: str) -> bool:
        return name.lower() not in left_out and not is_own(name)

    read = READERS.get(connection.dialect.name, read_reflected)
    tables, views = read(connection, is_wanted)
    tables = tuple(sorted(tables, key=lambda table: table.name.lower()))
    views = tuple(sorted(views, key=lambda view: (view.name.lower(), view.kind)))
    return Catalogue(tables, views, fingerprint_of(tables, views))


def fingerprint_of(tables: Collection[Table], views: Collection[View]) -> str:
    """Return the SHA-256 of a schema, in which spacing, quoting and the case of words are nothing."""
    plain = [
        [
            [_table_key(table) for table in tables],
            [[v.name.lower(), key(v.definition), *_kind_key(v)] for v in views],
        ]
    ]
    text = json.dumps(plain, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _kind_key(view: View) -> list[str]:
    """What tells a sequence or a type from a view."""
    return [] if view.kind == "view" else [view.kind]


def _table_key(table: Table) -> list[object]:
    """A table as plain data that two equal ones have in common."""
    columns = [
        [
            column.name.lower(),
            key(column.type),
            column.nullable,
            None if column.default is None else key(column.default),
            column.primary_key,
            [key(note) for note in column.notes],
        ]
        for column in table.columns
    ]
    parts = sorted([part.kind, part.name.lower(), key(part.definition)] for part in table.parts)
    return [table.name.lower(), columns, parts]


EMPTY_FINGERPRINT = fingerprint_of((), ())
