"""postgresql_count: the ledger's figures of one table, summed up by the server itself.

Every value is hashed as its text, seeded by the hash of its row's primary key, and the hashes are
summed: the order of rows does not matter, and an integer that becomes a bigint or a numeric stays
what it was.
"""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection

from console.schema.dialect import MASK, Keep, Keys, Shape, keeps_values, quoted
from console.schema.ledger import ColumnCount, TableCount

KEYS_KEPT = 5_000_000  # 40 MB of memory; above that new rows are not told from earlier ones
COLUMNS_AT_ONCE = 300
SEPARATOR = "chr(31)"


def tally_table(connection: Connection, shape: Shape, earlier: Keys | None = None) -> TableCount:
    """Count a table; given `earlier` keys, those of its rows by themselves where they are not all."""
    rows, hashed, columns = _sums(connection, shape, "", {})
    kept = None
    if earlier is not None and shape.key:
        if rows == len(earlier) and hashed == sum(earlier.numbers) & MASK:
            kept = TableCount(shape.name, rows, columns)
        elif rows:
            keys = {"keys": "{" + ",".join(map(str, earlier.numbers)) + "}"}
            chosen = "WHERE h IN (SELECT unnest(CAST(:keys AS bigint[])))"
            few, _, some = _sums(connection, shape, chosen, keys)
            kept = TableCount(shape.name, few, some)
        else:
            kept = TableCount(shape.name, 0, columns)
    table = TableCount(shape.name, rows, columns, kept, together=_together(connection, shape))
    if earlier is None or kept is None or not 0 < kept.rows < len(earlier):
        return table
    now = read_keys(connection, shape, rows, "keys")
    return replace(table, then=earlier.before(table, now.numbers)) if now else table


def _together(connection: Connection, shape: Shape) -> str:
    """The sum of the hashes of whole rows, where the shape asks for it."""
    if not shape.together:
        return ""
    sql = f"SELECT coalesce(sum({_row(shape)}), 0) FROM {plain(shape.source)}"  # noqa: S608 - names are quoted
    return f"{int(connection.execute(text(sql)).scalar_one()) & MASK:016x}"


def _row(shape: Shape) -> str:
    """The hash of a whole row."""
    values = (f"coalesce({_value(shape, name)}, chr(30))" for name in shape.together)
    return f"hashtextextended({f' || {SEPARATOR} || '.join(values)}, 0)"


def read_keys(connection: Connection, shape: Shape, rows: int, keep: Keep) -> Keys | None:
    """Return the hashed primary keys of a table, and the hashed values if those are to be kept; without
    a key the hashed rows, where the shape asks for them; None if they are too many."""
    if keep == "nothing" or not (shape.key or shape.together) or rows > KEYS_KEPT:
        return None
    few = len(shape.columns) <= COLUMNS_AT_ONCE and keeps_values(keep, rows, len(shape.columns))
    names = shape.columns if few and shape.key else ()
    others = tuple(name for name in names if _kind(shape, name) == "json")
    spelled = (*(_value(shape, name) for name in names), *(_as_jsonb(name) for name in others))
    values = "".join(f", {value} AS v{i}" for i, value in enumerate(spelled))
    hashes = ["h", *(f"coalesce(hashtextextended(v{i}, h), 0)" for i in range(len(spelled)))]
    sent = ", ".join(f"string_agg(int8send({each}), ''::bytea)" for each in hashes)
    # All of them by one statement: another may come by the rows in another order.
    sql = (
        f"SELECT {sent} "  # noqa: S608 - names are quoted
        f"FROM (SELECT {_key(shape) if shape.key else _row(shape)} AS h{values} FROM {plain(shape.source)} OFFSET 0) AS s"
    )
    numbers, *columns = map(_unpacked, connection.execute(text(sql)).one())
    number = len(names)
    return Keys(
        numbers,
        dict(zip(names, columns[:number], strict=True)),
        dict(zip(others, columns[number:], strict=True)),
    )


def is_uniform(connection: Connection, shape: Shape, column: str) -> bool:
    """Whether a column holds one and the same value in every row."""
    values = f"SELECT DISTINCT {_value(shape, column)} FROM {plain(shape.source)} LIMIT 2"  # noqa: S608 - names are quoted
    return len(connection.execute(text(values)).all()) < 2


def _unpacked(packed: bytes | None) -> array[int]:
    """Numbers of 64 bits that the server has sent, the highest byte first."""
    numbers = array("q", bytes(packed or b""))
    numbers.byteswap()
    return numbers


def _sums(
    connection: Connection, shape: Shape, chosen: str, parameters: dict[str, Any]
) -> tuple[int, int, tuple[ColumnCount, ...]]:
    """Rows, the sum of the hashed keys, and every column, of the chosen rows."""
    rows, hashed = 0, 0
    counts: list[ColumnCount] = []
    for first in range(0, max(len(shape.columns), 1), COLUMNS_AT_ONCE):
        names = shape.columns[first : first + COLUMNS_AT_ONCE]
        others = [name for name in names if _kind(shape, name) == "json"]
        spelled = (*(_value(shape, name) for name in names), *map(_as_jsonb, others))
        values = "".join(f", {value} AS v{i}" for i, value in enumerate(spelled))
        sums = "".join(
            f", count(v{i}), sum(hashtextextended(v{i}, h))" for i in range(len(spelled))
        )
        # OFFSET 0 keeps the server from computing a value once for each time it is named.
        sql = (
            f"SELECT count(*), coalesce(sum(h), 0){sums} FROM "  # noqa: S608 - names are quoted
            f"(SELECT {_key(shape)} AS h{values} FROM {plain(shape.source)} OFFSET 0) AS s {chosen}"
        )
        found = connection.execute(text(sql), parameters).one()
        rows, hashed = int(found[0]), int(found[1]) & MASK
        totals = [f"{int(total or 0) & MASK:016x}" for total in found[3::2]]
        as_jsonb = dict(zip(others, totals[len(names) :], strict=True))
        counts += [
            ColumnCount(name, found[2 + 2 * i], totals[i], as_jsonb.get(name, ""))
            for i, name in enumerate(names)
        ]
    return rows, hashed, tuple(counts)


def _key(shape: Shape) -> str:
    """The hash of a row's primary key; 0 without one."""
    if not shape.key:
        return "CAST(0 AS bigint)"
    values = ", ".join(_value(shape, name) for name in shape.key)
    return f"hashtextextended(concat_ws({SEPARATOR}, {values}), 0)"


def _kind(shape: Shape, name: str) -> str:
    """The type of a column, as the server calls it; of a domain that of what it is made of."""
    return shape.kinds[shape.columns.index(name)]


def _as_jsonb(name: str) -> str:
    """A value of a `json` as the text that it has as `jsonb`; as its own where it may have no place
    there: an escaped sign, a number of very many digits."""
    text = f"CAST({plain(quoted(name))} AS text)"
    is_plain = f"strpos({text}, chr(92)) = 0 AND {text} !~ '[eE][+-]?[0-9]{{4}}|[0-9]{{200}}'"
    jsonb = f"CAST(CAST({plain(quoted(name))} AS jsonb) AS text)"
    return f'CASE WHEN {is_plain} THEN {jsonb} ELSE {text} END COLLATE "C"'


def _value(shape: Shape, name: str) -> str:
    """A value as text that is the same for equal values of another type."""
    column = plain(quoted(name))
    kind = _kind(shape, name)
    if kind == "numeric":
        column = f"trim_scale({column})"
    if kind == "_numeric":  # each number without the zeros at its end
        digits = f"regexp_replace(CAST({column} AS text), '([.][0-9]*[1-9])0+(?=[,}}])', chr(92) || '1', 'g')"
        return f"regexp_replace({digits}, '[.]0+(?=[,}}])', '', 'g') COLLATE \"C\""
    if kind == "_float4":
        column = f"CAST({column} AS float8[])"
    if kind == "float4":
        column = f"CAST({column} AS float8)"
    if kind == "timestamptz":  # one without a zone that became one: counted in UTC
        column = f"({column} AT TIME ZONE 'UTC')"
    if kind in ("timestamp", "timestamptz"):  # a date that became one
        return f"replace(CAST({column} AS text), ' 00\\:00\\:00', '') COLLATE \"C\""
    return f'CAST({column} AS text) COLLATE "C"'


def plain(name: str) -> str:
    """A name in which SQLAlchemy sees no parameter."""
    return name.replace(":", "\\:")
