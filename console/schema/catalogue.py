"""catalogue: the schema of a database as values, and the difference between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Column:
    """A column as the database reports it; `type` is its SQL type in words."""

    name: str
    type: str
    nullable: bool
    default: str | None = None
    primary_key: bool = False


@dataclass(frozen=True)
class Part:
    """Anything else that belongs to a table: an index, a unique, a foreign key, a check, a trigger.

    `definition` is one line that a person can read and that changes whenever the thing does.
    """

    kind: Literal["index", "unique", "foreign key", "check", "primary key", "trigger"]
    name: str
    definition: str


@dataclass(frozen=True)
class Table:
    """A table with its columns in order and its parts sorted by kind and name."""

    name: str
    columns: tuple[Column, ...]
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class View:
    """A view and its text."""

    name: str
    definition: str


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
    """What happens to one table (or view, then `is_view`)."""

    name: str
    sign: Sign
    changes: tuple[Change, ...]
    is_view: bool = False


@dataclass(frozen=True)
class Difference:
    """What happens to a whole schema, per table, sorted by name; falsy when nothing does."""

    tables: tuple[TableDifference, ...]

    def __bool__(self) -> bool:
        return bool(self.tables)
