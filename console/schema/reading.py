"""reading: every model read on the schema at hand, inside the child and inside the transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Select, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapper, mapperlib, undefer

from console.schema.blame import one_line
from console.schema.compatibility import Reading
from console.schema.models import metadatas
from console.schema.sqlite_strings import taken_for_text


def read_models(context: MigrationContext) -> tuple[Reading, ...]:
    """Run a SELECT without rows for every mapper of the models, what it loads later included, and for
    every table without one.

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
    """The name of every model, with its module where several have it, and what selects all of it."""
    mapped: set[object] = set()
    mappers = [
        each
        for each in _mappers()
        if any(getattr(table, "metadata", None) in given for table in each.tables)
    ]
    names = Counter(each.class_.__name__ for each in mappers)
    for each in mappers:
        mapped.update(each.tables)
        name = each.class_.__name__
        yield name if names[name] == 1 else f"{each.class_.__module__}.{name}", each
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
        try:
            return _read(connection, thing)
        except (
            Exception
        ) as error:  # a mapping may be wrong in any way; its tables tell all the same
            if isinstance(error, DBAPIError) or not isinstance(thing, Mapper):
                raise
            found = (_read(connection, table) for table in thing.tables)
            return next((error for error in found if error), None)
    except DBAPIError as error:
        return one_line(error).partition(": ")[2] or one_line(
            error
        )  # what the database says is enough
    except Exception as error:
        return one_line(error)


def _read(connection: Connection, thing: Any) -> str | None:
    """Run the SELECT; return what is wrong with it where the database says nothing."""
    statement: Select[Any] = select(thing).limit(0)
    if isinstance(thing, Mapper):
        statement = statement.options(undefer("*"))
    with connection.begin_nested():
        connection.execute(statement).close()
        is_told = connection.dialect.name != "sqlite"
        name = None if is_told else taken_for_text(connection, statement)
    return None if name is None else f"no such column: {name}"
