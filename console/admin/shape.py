"""shape: which of a model's tables and columns the database really has, asked once per request.

Deployed code often maps a column that its database does not have yet. Every page of this package
reads and writes only what exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import has_request_context, request
from sqlalchemy import Column, Table, inspect
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.orm import Mapper, Session

from console.admin.outline import Outline


@dataclass(frozen=True)
class Shape:
    """What is missing of one model: tables by name, and columns of the tables that are there."""

    missing_tables: tuple[str, ...] = ()
    missing_columns: frozenset[Column[Any]] = frozenset()

    @property
    def exists(self) -> bool:
        """Whether rows can be read at all."""
        return not self.missing_tables

    @property
    def is_complete(self) -> bool:
        """Whether the database has everything that the model maps."""
        return self.exists and not self.missing_columns

    def has(self, column: Any) -> bool:
        """Whether the database has this column."""
        return self.exists and column not in self.missing_columns

    def present_keys(self, outline: Outline) -> list[str]:
        """The mapped attributes that can be read."""
        return [a.key for a in outline.attributes if self.has(a.column)]

    def missing_names(self, outline: Outline) -> frozenset[str]:
        """The names of the attributes that cannot."""
        return frozenset(a.name for a in outline.attributes if not self.has(a.column))


def shape_of(session: Session, mapper: Mapper[Any]) -> Shape:
    """Compare a mapper with the database; within a request the answer is kept."""
    missing_tables: list[str] = []
    missing_columns: set[Column[Any]] = set()
    for table in mapper.tables:
        if not isinstance(table, Table):
            continue
        names = columns_of(session, mapper, table)
        if names is None:
            missing_tables.append(table.name)
        else:
            missing_columns |= {c for c in table.columns if c.name not in names}
    return Shape(tuple(missing_tables), frozenset(missing_columns))


def columns_of(session: Session, mapper: Mapper[Any] | None, table: Table) -> frozenset[str] | None:
    """The names of the columns that a table has in the database; None when there is no such table."""
    where: dict[str, Any] = {"mapper": mapper} if mapper is not None else {"clause": table}
    engine = session.get_bind(**where)
    kept = _kept()
    place = (str(engine.engine.url), table.fullname)
    if place not in kept:
        connection = session.connection(bind_arguments=where)
        try:
            found = inspect(connection).get_columns(table.name, schema=table.schema)
            kept[place] = frozenset(column["name"] for column in found) or None
        except NoSuchTableError:
            kept[place] = None
    return kept[place]


def _kept() -> dict[Any, frozenset[str] | None]:
    if not has_request_context():
        return {}
    # Not in `g`: that outlives the request where somebody pushed an application context around it.
    kept: dict[Any, frozenset[str] | None] = request.environ.setdefault("console.shapes", {})
    return kept
