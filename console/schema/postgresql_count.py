"""postgresql_count: the ledger's figures of one table, summed up by the server itself.

Every value is hashed as its text, seeded by the hash of its row's primary key, and the hashes are
summed: the order of rows does not matter, and an integer that becomes a bigint or a numeric stays
what it was.
"""

from __future__ import annotations

from array import array
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection

from console.schema.dialect import Keys, Shape, quoted
from console.schema.ledger import ColumnCount, TableCount

MASK = (1 << 64) - 1
KEYS_KEPT = 5_000_000  # 40 MB of memory; above that new rows are not told from earlier ones
COLUMNS_AT_ONCE = 300
SEPARATOR = "chr(31)"


def tally_table(connection: Connection, shape: Shape, earlier: Keys | None = None) -> TableCount:
    """Count a table; given `earlier` keys, those of its rows by themselves where they are not all."""
    rows, hashed, columns = _sums(connection, shape, "", {})
    kept = None
    if earlier is not None and shape.key:
        if rows == len(earlier) and hashed == sum(earlier) & MASK:
            kept = TableCount(shape.name, rows, columns)
        elif rows:
            keys = {"keys": "{" + ",".join(map(str, earlier)) + "}"}
            chosen = "WHERE h IN (SELECT unnest(CAST(:keys AS bigint[])))"
            few, _, some = _sums(connection, shape, chosen, keys)
            kept = TableCount(shape.name, few, some)
        else:
            kept = TableCount(shape.name, 0, columns)
    return TableCount(shape.name, rows, columns, kept, _together(connection, shape))


def _together(connection: Connection, shape: Shape) -> str:
    """The sum of the hashes of whole rows, where the shape asks for it."""
    if not shape.together:
        return ""
    values = (f"coalesce({_value(shape, name)}, chr(30))" for name in shape.together)
    row = f" || {SEPARATOR} || ".join(values)
    sql = f"SELECT coalesce(sum(hashtextextended({row}, 0)), 0) FROM {plain(shape.source)}"  # noqa: S608 - names are quoted
    return f"{int(connection.execute(text(sql)).scalar_one()) & MASK:016x}"


def read_keys(connection: Connection, shape: Shape, rows: int) -> Keys | None:
    """Return the hashed primary keys of a table; None without a key, or if they are too many."""
    if not shape.key or rows > KEYS_KEPT:
        return None
    packed = connection.execute(
        text(
            f"SELECT string_agg(int8send({_key(shape)}), ''::bytea) FROM {plain(shape.source)}"  # noqa: S608 - names are quoted
        )
    ).scalar()
    keys = array("q", bytes(packed or b""))
    keys.byteswap()  # the server sends the highest byte first
    return keys


def _sums(
    connection: Connection, shape: Shape, chosen: str, parameters: dict[str, Any]
) -> tuple[int, int, tuple[ColumnCount, ...]]:
    """Rows, the sum of the hashed keys, and every column, of the chosen rows."""
    rows, hashed = 0, 0
    counts: list[ColumnCount] = []
    for first in range(0, max(len(shape.columns), 1), COLUMNS_AT_ONCE):
        names = shape.columns[first : first + COLUMNS_AT_ONCE]
        values = "".join(f", {_value(shape, name)} AS v{i}" for i, name in enumerate(names))
        sums = "".join(f", count(v{i}), sum(hashtextextended(v{i}, h))" for i in range(len(names)))
        # OFFSET 0 keeps the server from computing a value once for each time it is named.
        sql = (
            f"SELECT count(*), coalesce(sum(h), 0){sums} FROM "  # noqa: S608 - names are quoted
            f"(SELECT {_key(shape)} AS h{values} FROM {plain(shape.source)} OFFSET 0) AS s {chosen}"
        )
        found = connection.execute(text(sql), parameters).one()
        rows, hashed = int(found[0]), int(found[1]) & MASK
        counts += [
            ColumnCount(name, found[2 + 2 * i], f"{int(found[3 + 2 * i] or 0) & MASK:016x}")
            for i, name in enumerate(names)
        ]
    return rows, hashed, tuple(counts)


def _key(shape: Shape) -> str:
    """The hash of a row's primary key; 0 without one."""
    if not shape.key:
        return "CAST(0 AS bigint)"
    values = ", ".join(_value(shape, name) for name in shape.key)
    return f"hashtextextended(concat_ws({SEPARATOR}, {values}), 0)"


def _value(shape: Shape, name: str) -> str:
    """A value as text that is the same for equal values of another type."""
    column = plain(quoted(name))
    if shape.kinds[shape.columns.index(name)] == "numeric":
        column = f"trim_scale({column})"
    return f'CAST({column} AS text) COLLATE "C"'


def plain(name: str) -> str:
    """A name in which SQLAlchemy sees no parameter."""
    return name.replace(":", "\\:")
