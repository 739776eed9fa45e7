"""table: a table, what belongs to it, and a view, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Column:
    """A column as the database reports it; `type` is its SQL type, `notes` what else is said of it
    ("collate NOCASE", "autoincrement", "generated always as (a * 2) stored")."""

    name: str
    type: str
    nullable: bool
    default: str | None = None
    primary_key: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """Anything else that belongs to a table: an index, a unique, a foreign key, a check, a trigger, a
    policy or a rule of PostgreSQL, or an option of the table itself.

    `definition` is one line that a person can read and that changes whenever the thing does.
    """

    kind: Literal[
        "index",
        "unique",
        "foreign key",
        "check",
        "primary key",
        "trigger",
        "policy",
        "rule",
        "option",
    ]
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
    """A view and its text; or something else that stands by itself, of another `kind`."""

    name: str
    definition: str
    kind: Literal[
        "view",
        "sequence",
        "enum",
        "domain",
        "type",
        "function",
        "procedure",
        "aggregate",
        "statistics",
        "event",
        "package",
        "package body",
    ] = "view"
