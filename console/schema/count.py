"""count: take the ledger's figures from a live database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy.engine import Connection

from console.schema.dialect import Keys, Shape
from console.schema.dialects import dialect_named
from console.schema.ledger import Count, TableCount

KeysByTable = dict[str, Keys]


def count(
    connection: Connection,
    *,
    exclude: Collection[str] = (),
    keys: KeysByTable | None = None,
    earlier: KeysByTable | None = None,
    before: Count | None = None,
) -> Count:
    """Count every table of the database, but those of `exclude`, Alembic's leftovers and console_*.

    `keys`, if given, is filled with the hashed primary keys of every table; given as `earlier` to a
    later count, each table is counted a second time over those rows only. `before` is the count that
    a later one is compared with. Checksums compare between counts of one kind of database.
    """
    dialect = dialect_named(connection.dialect.name)
    columns = {table.name: table.names for table in before.tables} if before else {}
    tables: list[TableCount] = []
    for shape in dialect.shapes(connection, exclude):
        known = (earlier or {}).get(shape.name)
        shape = with_rows(shape, columns.get(shape.name, shape.columns))
        table, found = dialect.tally(connection, shape, keep=keys is not None, earlier=known)
        tables.append(table)
        if keys is not None and found is not None:
            keys[shape.name] = found
    return Count(tuple(tables), dialect.objects(connection, exclude))


def with_rows(shape: Shape, names: tuple[str, ...]) -> Shape:
    """The shape of a table without a key, summed up by whole rows of these columns too: values that
    change places between its rows would not show in any column. As it is where one of them is gone."""
    if shape.key or not set(names) <= set(shape.columns):
        return shape
    return replace(shape, together=names)
