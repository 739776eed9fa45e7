"""count: take the ledger's figures from a live database."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.engine import Connection

from console.schema.dialect import Keys
from console.schema.dialects import dialect_named
from console.schema.ledger import Count, TableCount

KeysByTable = dict[str, Keys]


def count(
    connection: Connection,
    *,
    exclude: Collection[str] = (),
    keys: KeysByTable | None = None,
    earlier: KeysByTable | None = None,
) -> Count:
    """Count every table of the database, but those of `exclude`, Alembic's leftovers and console_*.

    `keys`, if given, is filled with the hashed primary keys of every table; given as `earlier` to a
    later count, each table is counted a second time over those rows only. Checksums compare between
    counts of one kind of database.
    """
    dialect = dialect_named(connection.dialect.name)
    tables: list[TableCount] = []
    for shape in dialect.shapes(connection, exclude):
        before = (earlier or {}).get(shape.name)
        table, found = dialect.tally(connection, shape, keep=keys is not None, earlier=before)
        tables.append(table)
        if keys is not None and found is not None:
            keys[shape.name] = found
    return Count(tuple(tables), dialect.objects(connection, exclude))
