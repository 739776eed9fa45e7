"""sqlite_count: the ledger's figures of one table of SQLite, which has no hash function of its own.

The rows stream by in the order of their primary key, so a column's checksum is one SHA-1 over its
values in that order: all that Python does for a value is done by C, a chunk at a time. Without a key
no order can be relied on, and every value is hashed by itself (Python's own hash, 64 bits, which
children compute with a fixed seed); the sum of the hashes is the checksum.
"""

from __future__ import annotations

import gc
import marshal
from array import array
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha1
from itertools import compress, repeat
from typing import Any

from console.schema.dialect import MASK, Keep, Keys, Shape, keeps_values, quoted, summed
from console.schema.ledger import ColumnCount, TableCount

CHUNK = 1000
KEYS_KEPT = 5_000_000  # 40 MB of memory; above that new rows are not told from earlier ones
FORMAT = 2  # of marshal: the last in which equal values are always the same bytes
HEADER = 5  # bytes in front of a tuple's values, which say how many there are

Values = tuple[Any, ...]


def tally_table(
    raw: Any, shape: Shape, *, keep: Keep, earlier: Keys | None
) -> tuple[TableCount, Keys | None]:
    """Count a table on a driver's connection; return its primary keys too, and the hashes of its
    values, if these are to be kept.

    Given `earlier` keys, those of its rows are counted by themselves where they are not all.
    """
    if keep == "nothing" and earlier is not None:
        keep = "keys"
    try:
        return _tally(_Source(raw, shape, str), keep, earlier)
    except driver_of(raw).OperationalError as error:
        if "decode" not in str(error):
            raise
    return _tally(_Source(raw, shape, _lenient), keep, earlier)


def _tally(source: _Source, keep: Keep, earlier: Keys | None) -> tuple[TableCount, Keys | None]:
    """The same, of a table whose text can be decoded."""
    whole, keys = _read(source, keep=keep)
    if earlier is not None and source.shape.key:
        whole = _with_earlier(source, whole, keys, earlier)
    return whole, keys


def _with_earlier(
    source: _Source, whole: TableCount, keys: Keys | None, earlier: Keys
) -> TableCount:
    """The count of a table with that of its earlier rows."""
    if keys and keys.numbers == earlier.numbers:
        return replace(whole, earlier=whole)
    known = frozenset(earlier.numbers)
    kept, now = _read(source, known=known, keep="values")
    if not keys or not now or not now.values or not 0 < kept.rows < len(earlier):
        return replace(whole, earlier=kept)
    if (then := earlier.before(whole, keys.numbers)) is None:
        return replace(whole, earlier=kept)
    # Held against sums of hashes, which are all that is left of these rows as they were.
    sums = tuple(summed(name, values) for name, values in now.values.items())
    return replace(whole, earlier=replace(kept, columns=sums), then=then)


def _read(
    source: _Source, *, keep: Keep = "nothing", known: Set[int] | None = None
) -> tuple[TableCount, Keys | None]:
    """Read a table once: those of its rows whose keys are `known`, if that is given."""
    shape = source.shape
    sums = [Ordered() if shape.key else Unordered() for _ in shape.columns]
    places = [shape.columns.index(name) for name in shape.key]
    together = [shape.columns.index(name) for name in shape.together]
    whole = 0
    keys = array("q") if keep != "nothing" and (shape.key or together) else None
    values = [array("q") for _ in shape.columns] if keeps_values(keep, 0, 0) and shape.key else []
    rows = 0
    with _pause_collector():
        for chunk in source.chunks():
            columns = [_plain(column) for column in zip(*chunk, strict=True)]
            number = len(chunk)
            if together:
                whole_rows = zip(*(columns[place] for place in together), strict=True)
                marks = list(map(hash, map(marshal.dumps, whole_rows, repeat(FORMAT))))
                whole += sum(marks)
            elif keys is not None or known is not None:
                marks = _marks([columns[place] for place in places])
            if known is not None:
                chosen = [mark in known for mark in marks]
                columns = [tuple(compress(column, chosen)) for column in columns]
                marks = list(compress(marks, chosen))
                number = len(marks)
            rows += number
            if keys is not None:
                keys.extend(marks)
                keys = keys if rows <= KEYS_KEPT else None
            if not keeps_values(keep, rows, len(columns)):
                values = []
            for kept, column in zip(values, columns, strict=bool(values)):
                kept.extend(_hashes(marks, column))
            for total, column in zip(sums, columns, strict=True):
                total.add(column)
    counts = (each.count(name) for name, each in zip(shape.columns, sums, strict=True))
    sum_of_rows = f"{whole & MASK:016x}" if together else ""
    table = TableCount(shape.name, rows, tuple(counts), together=sum_of_rows)
    if keys is None:
        return table, None
    return table, Keys(keys, dict(zip(shape.columns, values, strict=True)) if values else {})


class Ordered:
    """One column of a table that is read in the order of its key."""

    def __init__(self) -> None:
        self.non_null = 0
        self.hash = sha1(usedforsecurity=False)

    def add(self, values: Values) -> None:
        """Take the next values."""
        self.non_null += len(values) - values.count(None)
        self.hash.update(memoryview(marshal.dumps(values, FORMAT))[HEADER:])

    def count(self, name: str) -> ColumnCount:
        """The figures as a value."""
        return ColumnCount(name, self.non_null, self.hash.hexdigest()[:32])


class Unordered:
    """One column of a table without a key."""

    def __init__(self) -> None:
        self.non_null = self.sum = 0

    def add(self, values: Values) -> None:
        """Take some more values."""
        self.non_null += len(values) - values.count(None)
        self.sum += sum(map(hash, map(marshal.dumps, values, repeat(FORMAT))))

    def count(self, name: str) -> ColumnCount:
        """The figures as a value; the sum modulo 2^64."""
        return ColumnCount(name, self.non_null, f"{self.sum & MASK:016x}")


@dataclass(frozen=True)
class _Source:
    """A table on a driver's connection, and what makes text of bytes."""

    raw: Any
    shape: Shape
    text_factory: Callable[[bytes], str]

    def chunks(self) -> Iterator[list[Values]]:
        """The rows of the table; raises OperationalError for text that cannot be decoded."""
        names = ", ".join(quoted(name) for name in self.shape.columns)
        # The same order whatever a column's collation is, or becomes.
        order = ", ".join(f"{quoted(name)} COLLATE BINARY" for name in self.shape.key)
        sql = f"SELECT {names} FROM {quoted(self.shape.name)}{order and f' ORDER BY {order}'}"  # noqa: S608 - names are quoted
        driver = driver_of(self.raw)
        text_factory, driver.text_factory = driver.text_factory, self.text_factory
        row_factory, driver.row_factory = driver.row_factory, None
        try:
            cursor = self.raw.cursor()
            cursor.execute(sql)
            while chunk := cursor.fetchmany(CHUNK):
                yield chunk
        finally:
            driver.text_factory, driver.row_factory = text_factory, row_factory


def _lenient(text: bytes) -> str:
    """Text that is not valid UTF-8 is data too; what is valid becomes the same as ever."""
    return text.decode("utf-8", "surrogateescape")


def driver_of(dbapi_connection: Any) -> Any:
    """The driver's own connection: what is asynchronous comes wrapped by SQLAlchemy."""
    return getattr(dbapi_connection, "driver_connection", dbapi_connection)


def _plain(values: Values) -> Values:
    """Values of which equal ones are the same bytes: a whole number that became a float is what it
    was."""
    if float not in set(map(type, values)):
        return values
    return tuple(int(v) if type(v) is float and v.is_integer() else v for v in values)


def _hashes(marks: Sequence[int], values: Values) -> list[int]:
    """Values as numbers of 64 bits, each together with its row's key; 0 for NULL."""
    hashes = list(map(hash, zip(marks, map(marshal.dumps, values, repeat(FORMAT)), strict=True)))
    if None in values:
        return [0 if v is None else number for v, number in zip(values, hashes, strict=True)]
    return hashes


def _marks(key: list[Values]) -> list[int]:
    """The primary keys of some rows, each as a number of 64 bits: a whole number is its own."""
    if len(key) == 1 and set(map(type, key[0])) == {int}:
        return list(key[0])
    if len(key) == 1:
        return [v if type(v) is int else hash(marshal.dumps(v, FORMAT)) for v in key[0]]
    return [hash(marshal.dumps(values, FORMAT)) for values in zip(*key, strict=True)]


@contextmanager
def _pause_collector() -> Iterator[None]:
    """Keep Python from looking for cycles in rows, which have none: a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
