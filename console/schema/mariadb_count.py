"""mariadb_count: the ledger's figures of one table, summed up by MariaDB or MySQL itself.

Every value is hashed together with its row's primary key, and the hashes are summed: the order of
rows does not matter, and a value keeps its hash when its column only becomes wider. The hash is the
CRC-32 of the SHA-224, the quickest that both servers have (MySQL 9.6 has lost SHA-1 and MD5) and that
does not give way to values that change places: one changed value, or two that changed places, stay
unseen once in 2^32 times.
Primary keys are told apart by 60 bits: two of a million rows share them once in 2 million times.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.engine import Connection

from console.schema.dialect import MASK, Keep, Keys, Shape, keeps_values
from console.schema.ledger import ColumnCount, TableCount

KEYS_KEPT = 5_000_000  # 40 MB of memory; above that new rows are not told from earlier ones
KEYS_AT_ONCE = 50_000  # 400 kB; a server may be set to send no more than a megabyte at once
COLUMNS_AT_ONCE = 200
CHUNK = 5000
ALL = 2**63 - 1
BINARY = frozenset(["binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"])
# What `concat` spells so anyway, as the shape calls it: whole numbers, and text whose bytes are those of
# utf8mb4. To cast a long text costs more than its hash.
ALIKE = frozenset(["int", "utf8"])
TEXT = frozenset(["char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"])


def tally_table(connection: Connection, shape: Shape, earlier: Keys | None = None) -> TableCount:
    """Count a table; given `earlier` keys, those of its rows by themselves where they are not all."""
    rows, hashed, columns = _sums(connection, shape, "")
    kept = None
    if earlier is not None and shape.key:
        if rows == len(earlier) and hashed == sum(earlier.numbers):
            kept = TableCount(shape.name, rows, columns)
        else:
            _upload(connection, earlier.numbers)
            chosen = f"WHERE {_key(shape)} IN (SELECT h FROM console_keys)"  # noqa: S608 - quoted
            few, _, some = _sums(connection, shape, chosen)
            connection.execute(text("DROP TEMPORARY TABLE console_keys"))
            kept = TableCount(shape.name, few, some)
    table = TableCount(shape.name, rows, columns, kept, together=_together(connection, shape))
    if shape.is_versioned:
        table = replace(table, history=_past(connection, shape, rows), is_versioned=True)
    if earlier is None or kept is None or not 0 < kept.rows < len(earlier):
        return table
    now = read_keys(connection, shape, rows, "keys")
    return replace(table, then=earlier.before(table, now.numbers)) if now else table


def _past(connection: Connection, shape: Shape, rows: int) -> int:
    """How many rows of the past a table keeps, beside those of today."""
    sql = f"SELECT count(*) FROM {plain(shape.source)} FOR SYSTEM_TIME ALL"  # noqa: S608 - quoted
    return int(connection.execute(text(sql)).scalar_one()) - rows


def _together(connection: Connection, shape: Shape) -> str:
    """The sum of the hashes of whole rows, where the shape asks for it."""
    if not shape.together:
        return ""
    hashed = f"CAST(conv({_digits(shape)}, 16, 10) AS SIGNED)"
    sql = f"SELECT coalesce(sum({hashed}), 0) FROM {plain(shape.source)}"  # noqa: S608 - names are quoted
    return f"{int(connection.execute(text(sql)).scalar_one()):x}"


def read_keys(connection: Connection, shape: Shape, rows: int, keep: Keep) -> Keys | None:
    """Return the hashed primary keys of a table, and the hashed values if those are to be kept; without
    a key the hashed rows, where the shape asks for them; None if they are too many."""
    if keep == "nothing" or not (shape.key or shape.together) or rows > KEYS_KEPT:
        return None
    few = len(shape.columns) <= COLUMNS_AT_ONCE and keeps_values(keep, rows, len(shape.columns))
    names = shape.columns if few and shape.key else ()
    parts = rows * (len(names) + 2) // (2 * KEYS_AT_ONCE) + 1
    connection.execute(text(f"SET SESSION group_concat_max_len = {KEYS_AT_ONCE * 16}"))
    hashes = [
        f"unhex(concat('0', {_digits(shape)}))",
        *(f"unhex(lpad(hex(coalesce({_hash(shape, name)}, 0)), 8, '0'))" for name in names),
    ]
    # Hashed first and sorted then: a sort would carry the values along. The LIMIT holds the two apart.
    hashed = ", ".join(f"{each} AS h{i}" for i, each in enumerate(hashes))
    sent = ", ".join(f"group_concat(h{i} SEPARATOR '')" for i in range(len(hashes)))
    sql = (
        f"SELECT {sent} FROM (SELECT crc32({_digits(shape)}) % {parts} AS part, {hashed} "  # noqa: S608 - names are quoted
        f"FROM {plain(shape.source)} LIMIT {ALL}) AS hashed GROUP BY part"
    )
    found = connection.execute(text(sql)).all()
    connection.execute(text("SET SESSION group_concat_max_len = DEFAULT"))
    numbers = _unpacked("q", [row[0] for row in found])
    values = {name: _unpacked("I", [row[i] for row in found]) for i, name in enumerate(names, 1)}
    if any(len(some) != rows for some in (numbers, *values.values())):
        return None  # the server cuts off what is longer than it may send
    return Keys(numbers, values)


def is_uniform(connection: Connection, shape: Shape, column: str) -> bool:
    """Whether a column holds one and the same value in every row."""
    values = f"SELECT DISTINCT CAST({_value(shape, column)} AS BINARY) FROM {plain(shape.source)} LIMIT 2"  # noqa: S608 - names are quoted
    return len(connection.execute(text(values)).all()) < 2


def _unpacked(size: str, parts: list[bytes]) -> array[int]:
    """Numbers that the server has sent, the highest byte first."""
    numbers = array(size)
    packed = b"".join(parts)
    numbers.frombytes(packed[: len(packed) // numbers.itemsize * numbers.itemsize])
    numbers.byteswap()
    return numbers


def _upload(connection: Connection, keys: Sequence[int]) -> None:
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
        sums = "".join(
            f", count({plain(backquoted(name))}), coalesce(sum({_hash(shape, name)}), 0)"
            for name in names
        )
        key = f"coalesce(sum({_key(shape)}), 0)"
        sql = f"SELECT count(*), {key}{sums} FROM {plain(shape.source)} {chosen}"  # noqa: S608 - names are quoted
        found = connection.execute(text(sql)).one()
        rows, hashed = int(found[0]), int(found[1])
        counts += [
            ColumnCount(name, found[2 + 2 * i], f"{int(found[3 + 2 * i]) & MASK:016x}")
            for i, name in enumerate(names)
        ]
    return rows, hashed, tuple(counts)


def _hash(shape: Shape, name: str) -> str:
    """Thirty-two bits of a value with its row's key, as a number; NULL of NULL."""
    parts = [_value(shape, column) for column in (*shape.key, name)]
    return f"crc32(sha2({_joined(parts)}, 224))"


def _key(shape: Shape) -> str:
    """Sixty bits of a row's primary key, as a number; 0 without one."""
    if not shape.key:
        return "0"
    return f"CAST(conv({_digits(shape)}, 16, 10) AS SIGNED)"


def _digits(shape: Shape) -> str:
    """The same as hexadecimal digits; without a key those of the whole row."""
    parts = [_value(shape, name) for name in shape.key]
    if not shape.key:
        parts = [f"coalesce({_value(shape, name)}, char(30))" for name in shape.together]
    return f"left(sha2({_joined(parts)}, 224), 15)"


def _joined(parts: list[str]) -> str:
    """Values one after the other; NULL where one of them is."""
    return f"concat({', char(31), '.join(parts)})"


def _value(shape: Shape, name: str) -> str:
    """A value that has the same bytes as an equal one of another type or character set."""
    column, kind = plain(backquoted(name)), shape.kinds[shape.columns.index(name)]
    if kind in BINARY or kind in ALIKE:
        return column
    if kind in TEXT:
        return f"CAST(CONVERT({column} USING utf8mb4) AS BINARY)"
    if kind in ("uuid", "inet4", "inet6"):
        return f"CAST(CAST({column} AS char) AS BINARY)"
    if kind == "bit":  # the shape calls numbers so that are filled up with zeros
        return f"CAST({column} + 0 AS BINARY)"
    if kind == "float":  # as text it would have six digits
        return f"CAST(CAST({column} AS double) AS BINARY)"
    if kind == "decimal":  # the shape calls those so that have a point, and times with fractions
        short = f"trim(TRAILING '.' FROM trim(TRAILING '0' FROM {column}))"
        return f"CAST({short} AS BINARY)"
    return f"CAST({column} AS BINARY)"


def backquoted(name: str) -> str:
    """Return an identifier in MariaDB's quotation marks."""
    return "`" + name.replace("`", "``") + "`"


def plain(name: str) -> str:
    """A name in which SQLAlchemy sees no parameter."""
    return name.replace(":", "\\:")
