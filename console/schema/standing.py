"""standing: where a target's database stands in its history, by its version table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, column, inspect, select, table
from sqlalchemy.exc import DBAPIError

from console.schema.connection import read_only
from console.schema.errors import UnreadableVersions
from console.schema.history import History
from console.schema.target import Target


@dataclass(frozen=True)
class Standing:
    """Where a database stands: the `heads` in its version table, all that is `applied` thereby,
    what is `pending` (oldest first), and the heads that no file carries (`unknown`)."""

    heads: tuple[str, ...]
    applied: frozenset[str]
    pending: tuple[str, ...]
    unknown: tuple[str, ...] = ()

    @property
    def is_up_to_date(self) -> bool:
        """Whether nothing is pending and everything is known."""
        return not self.pending and not self.unknown


def read_standing(target: Target, history: History) -> Standing:
    """Return where the target's database stands, by one short read-only connection.

    A database that does not exist yet stands nowhere, and is not created. SQLAlchemy's errors pass
    through when the server cannot be reached; raises UnreadableVersions.
    """
    with read_only(target) as connection:
        heads = () if connection is None else read_heads(connection, target)
    return stand(history, heads)


def read_heads(connection: Connection, target: Target) -> tuple[str, ...]:
    """Return what the version table says, sorted; nothing where there is no such table."""
    schema = target.version_table_schema
    if not inspect(connection).has_table(target.version_table, schema=schema):
        return ()
    return heads_in(connection, target)


def heads_in(connection: Connection, target: Target) -> tuple[str, ...]:
    """Return what a version table says that is known to be there, sorted; raises UnreadableVersions
    where it is another table, or does not say where the database stands."""
    name = target.version_table
    question = _heads_of(name, target.version_table_schema)
    try:
        found = set(connection.execute(question).scalars())
    except DBAPIError as error:
        if "version_num" not in str(error.orig):
            raise
        raise UnreadableVersions(NOT_ALEMBICS.format(table=name)) from error
    if None in found or "" in found:
        raise UnreadableVersions(NO_REVISION.format(table=name))
    return tuple(sorted(map(str, found)))


NOT_ALEMBICS = (
    "The table {table} has no column version_num, so it is not Alembic's. Nothing was changed. Rename it, "
    "or give Alembic's another name by version_table."
)
NO_REVISION = (
    "A row of the version table {table} names no revision. Nothing was changed. Delete that row: DELETE "
    "FROM {table} WHERE version_num IS NULL OR version_num = ''. Then stamp the revision at which the "
    "database stands, where no other row names it."
)


@lru_cache(maxsize=16)
def _heads_of(name: str, schema: str | None) -> Select[Any]:
    """The question, one for all steps of a plan, so that it is compiled once."""
    return select(table(name, column("version_num"), schema=schema).c.version_num)


def stand(history: History, heads: tuple[str, ...]) -> Standing:
    """Return where a database with these heads stands in a history."""
    applied = history.ancestors(heads)
    pending = tuple(
        r.id for r in reversed(history.revisions) if r.id not in applied and not r.is_broken
    )
    unknown = tuple(name for name in heads if name not in history.by_id)
    return Standing(heads, applied, pending, unknown)
