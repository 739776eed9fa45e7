"""mariadb_count: the ledger's figures of one table, summed up by MariaDB or MySQL itself.

Every value is hashed together with its row's primary key, and the hashes are summed: the order of
rows does not matter, and a value keeps its hash when its column only becomes wider.
"""

from __future__ import annotations

from array import array

from sqlalchemy import text
from sqlalchemy.engine import Connection

from console.schema.dialect import Keys, Shape
from console.schema.ledger import ColumnCount, TableCount

KEYS_KEPT = 1_000_000  # read row by row; above that new rows are not told from earlier ones
COLUMNS_AT_ONCE = 200
CHUNK = 5000
BINARY = frozenset(["binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"])
TEXT = frozenset(["char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"])


def tally_table(connection: Connection, shape: Shape, earlier: Keys | None = None) -> TableCount:
    """Count a table; given `earlier` keys, those of its rows by themselves where they are not all."""
    rows, hashed, columns = _sums(connection, shape, "")
    kept = None
    if earlier is not None and shape.key:
        if rows == len(earlier) and hashed == sum(earlier):
            kept = TableCount(shape.name, rows, columns)
        else:
            _upload(connection, earlier)
            few, _, some = _sums(connection, shape, "WHERE h IN (SELECT h FROM console_keys)")
            connection.execute(text("DROP TEMPORARY TABLE console_keys"))
            kept = TableCount(shape.name, few, some)
    return TableCount(shape.name, rows, columns, kept)


def read_keys(connection: Connection, shape: Shape, rows: int) -> Keys | None:
    """Return the hashed primary keys of a table; None without a key, or if they are too many."""
    if not shape.key or rows > KEYS_KEPT:
        return None
    sql = f"SELECT {_key(shape)} FROM {plain(shape.source)}"  # noqa: S608 - names are quoted
    return array("q", map(int, connection.execute(text(sql)).scalars()))


def _upload(connection: Connection, keys: Keys) -> None:
    """Make a table of hashed keys that only this session sees; it commits nothing."""
    connection.execute(text("DROP TEMPORARY TABLE IF EXISTS console_keys"))
    connection.execute(text("CREATE TEMPORARY TABLE console_keys (h bigint PRIMARY KEY)"))
    numbers = list(dict.fromkeys(keys))
    for first in range(0, len(numbers), CHUNK):
        values = ", ".join(f"({number})" for number in numbers[first : first + CHUNK])
        connection.execute(text(f"INSERT INTO console_keys VALUES {values}"))  # noqa: S608 - numbers


def _sums(
    connection: Connection, shape: Shape, chosen: str
) -> tuple[int, int, tuple[ColumnCount, ...]]:
    """Rows, the sum of the hashed keys, and every column, of the chosen rows."""
    rows, hashed = 0, 0
    counts: list[ColumnCount] = []
    for first in range(0, max(len(shape.columns), 1), COLUMNS_AT_ONCE):
        names = shape.columns[first : first + COLUMNS_AT_ONCE]
        values = "".join(f", {_value(shape, name)} AS v{i}" for i, name in enumerate(names))
        sums = "".join(
            f", count(v{i}), coalesce(sum({_hash(f'concat(h, char(31), v{i})')}), 0)"
            for i in range(len(names))
        )
        sql = (
            f"SELECT count(*), coalesce(sum(h), 0){sums} FROM "  # noqa: S608 - names are quoted
            f"(SELECT {_key(shape)} AS h{values} FROM {plain(shape.source)}) AS s {chosen}"
        )
        found = connection.execute(text(sql)).one()
        rows, hashed = int(found[0]), int(found[1])
        counts += [
            ColumnCount(name, found[2 + 2 * i], f"{int(found[3 + 2 * i]):x}")
            for i, name in enumerate(names)
        ]
    return rows, hashed, tuple(counts)


def _hash(value: str) -> str:
    """Sixty bits of a value's MD5, as a number."""
    return f"CAST(conv(left(md5({value}), 15), 16, 10) AS SIGNED)"


def _key(shape: Shape) -> str:
    """The hash of a row's primary key; 0 without one."""
    if not shape.key:
        return "0"
    return _hash(f"concat_ws(char(31), {', '.join(_value(shape, name) for name in shape.key)})")


def _value(shape: Shape, name: str) -> str:
    """A value as bytes that are the same for equal values of another type or character set."""
    column, kind = plain(backquoted(name)), shape.kinds[shape.columns.index(name)]
    if kind in BINARY:
        return column
    if kind in TEXT:
        return f"CAST(CONVERT({column} USING utf8mb4) AS BINARY)"
    if kind == "bit":
        return f"CAST({column} + 0 AS BINARY)"
    if kind == "decimal":
        written = f"CAST({column} AS CHAR)"
        short = f"trim(TRAILING '.' FROM trim(TRAILING '0' FROM {written}))"
        return f"CAST(if(locate('.', {written}), {short}, {written}) AS BINARY)"
    return f"CAST({column} AS BINARY)"


def backquoted(name: str) -> str:
    """Return an identifier in MariaDB's quotation marks."""
    return "`" + name.replace("`", "``") + "`"


def plain(name: str) -> str:
    """A name in which SQLAlchemy sees no parameter."""
    return name.replace(":", "\\:")
