"""count: take the ledger's figures from a live database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from sqlalchemy.engine import Connection

from console.schema.dialect import Dialect, Keep, Keys, Shape
from console.schema.dialects import dialect_named
from console.schema.ledger import Count, TableCount

ROWS_COMPARED = 2_000_000  # of tables without a key, then and now: 200 MB of memory
KeysByTable = dict[str, Keys]


def count(
    connection: Connection,
    *,
    exclude: Collection[str] = (),
    keys: KeysByTable | None = None,
    losing: Collection[str] | None = None,
    others: Keep = "keys",
    earlier: KeysByTable | None = None,
    before: Count | None = None,
    held: Collection[str] = (),
) -> Count:
    """Count every table of the database, but those of `exclude`, Alembic's leftovers and the console's.

    `keys`, if given, is filled with the hashed primary keys of every table; given as `earlier` to a
    later count, each table is counted a second time over those rows only. The hashes of all values
    are kept with them, which tell of rows that stay whether they are what they were. Where the tables
    that are going to lose rows are known, they are `losing`, and `others` is what is kept of all that
    are not among them. `before` is the count that a later one is compared with. The tables that are `held` come last, and nobody else writes to them from
    then on. Checksums compare between counts of one kind of database.
    """
    dialect = dialect_named(connection.dialect.name)
    then = {table.name: table for table in before.tables} if before else {}
    tables: list[TableCount] = []
    with dialect.counting(connection):
        free = True
        for shape in sorted(
            dialect.shapes(connection, exclude, then), key=lambda s: s.name in held
        ):
            if free and shape.name in held:
                dialect.hold(connection, held)
                free = False
            known = (earlier or {}).get(shape.name)
            shape = comparable(shape, then.get(shape.name))
            keep: Keep = "values" if losing is None or shape.name in losing else others
            keep = "nothing" if keys is None else keep
            table, found = dialect.tally(connection, shape, keep=keep, earlier=known)
            if heirs := _heirs(shape, then.get(shape.name), table):
                again = replace(shape, together=heirs)
                rows, _ = dialect.tally(connection, again, keep="nothing", earlier=None)
                table = replace(table, together=rows.together)
            before_it = then.get(shape.name)
            if known is not None and before_it and table.together not in ("", before_it.together):
                table = replace(table, whole=_whole(dialect, connection, shape, known))
            new = _new_for_old(shape, then.get(shape.name)) if table.rows > 1 else ()
            uniform = tuple(name for name in new if dialect.is_uniform(connection, shape, name))
            tables.append(replace(table, key=shape.key, uniform=uniform))
            if keys is not None and found is not None:
                keys[shape.name] = found
        for table, found in dialect.loose(connection, earlier or {}):
            if table.rows or table.name in then:
                tables.append(table)
            if keys is not None and found is not None:
                keys[table.name] = found
        objects = dialect.objects(connection, exclude)
        counting = [name for name, _ in before.positions] if before else []
        positions = dialect.positions(connection, counting)
        settings = dialect.settings(connection)
    return Count(tuple(tables), objects, positions, settings)


def _whole(dialect: Dialect, connection: Connection, shape: Shape, earlier: Keys) -> int | None:
    """How many rows of a table without a key are as they were; None where they are too many."""
    _, now = dialect.tally(connection, shape, keep="keys", earlier=None)
    if now is None or len(now) + len(earlier) > ROWS_COMPARED:
        return None
    return (Counter(earlier.numbers) & Counter(now.numbers)).total()


def _new_for_old(shape: Shape, before: TableCount | None) -> tuple[str, ...]:
    """The new columns of a table, where earlier ones are gone that might have been renamed."""
    if before is None or set(before.names) <= set(shape.columns):
        return ()
    return tuple(name for name in shape.columns if name not in before.names)


def _heirs(shape: Shape, before: TableCount | None, table: TableCount) -> tuple[str, ...]:
    """The columns that a table without a key had, by their names of today, where some are renamed."""
    if before is None or shape.key or set(before.names) <= set(shape.columns):
        return ()
    new = {
        (c.non_null, c.checksum): c.name
        for c in reversed(table.columns)
        if c.name not in before.names
    }
    names = (
        c.name if c.name in shape.columns else new.get((c.non_null, c.checksum))
        for c in before.columns
    )
    found = tuple(name for name in names if name is not None)
    return found if len(found) == len(before.columns) else ()


def comparable(shape: Shape, before: TableCount | None) -> Shape:
    """The shape by which a table is counted as it was `before`: by the key that it had then, which may
    be another one by now, as long as there are its columns.

    A table without a key is summed up by whole rows too, of the columns that it had: values that
    change places between its rows would not show in any column. Not yet where one of these is gone.
    """
    key, names = shape.key, shape.columns
    if before is not None:
        names = before.names
        if before.key is not None and set(before.key) <= set(shape.columns):
            key = before.key
    together = names if not key and set(names) <= set(shape.columns) else ()
    return replace(shape, key=key, together=together)
