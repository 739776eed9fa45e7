"""reading: every model read on the schema at hand, inside the child and inside the transaction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Select, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapper, mapperlib

from console.schema.blame import one_line
from console.schema.compatibility import Reading
from console.schema.models import metadatas


def read_models(context: MigrationContext) -> tuple[Reading, ...]:
    """Run a SELECT without rows for every mapper of the models, and for every table without one.

    Only those whose tables are in env.py's `target_metadata`; nothing where it gives none. Each
    runs in a savepoint, so that one that fails leaves no trace. Sorted by name.
    """
    given = metadatas(context)
    connection = context.connection
    assert connection is not None
    statements = dict(_statements(given))
    return tuple(
        Reading(name, _error(connection, statement))
        for name, statement in sorted(statements.items())
    )


def _statements(given: tuple[MetaData, ...]) -> Iterator[tuple[str, Any]]:
    """The name of every model, and what selects all of it."""
    mapped: set[object] = set()
    for each in _mappers():
        if any(getattr(table, "metadata", None) in given for table in each.tables):
            mapped.update(each.tables)
            yield each.class_.__name__, each
    for metadata in given:
        for table in metadata.tables.values():
            if table not in mapped:
                yield table.name, table


def _mappers() -> Iterator[Mapper[Any]]:
    """Every mapper of this process, whichever declarative base it belongs to."""
    for registry in mapperlib._all_registries():
        yield from registry.mappers


def _error(connection: Connection, thing: Any) -> str | None:
    """What reading it raises, in one line; None if it can be read."""
    try:
        statement: Select[Any] = select(thing).limit(0)
        with connection.begin_nested():
            connection.execute(statement).close()
    except DBAPIError as error:
        return one_line(error).partition(": ")[2] or one_line(
            error
        )  # what the database says is enough
    except Exception as error:  # a mapping may be wrong in any way
        return one_line(error)
    return None
