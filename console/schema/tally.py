"""tally: counts the rows of one table as they stream by, in Python.

Checksums are made with Python's own hash: they compare within one process, or between children of
the console, which run with a fixed seed.
"""

from __future__ import annotations

import marshal
from decimal import Decimal
from typing import Any

from console.schema.dialect import Keys, Shape
from console.schema.ledger import ColumnCount, TableCount

MASK = (1 << 64) - 1
KEYS_KEPT = 5_000_000  # about 0.5 GB of memory; above that new rows are not told from earlier ones


class Tally:
    """Sums up the rows of one table."""

    def __init__(self, shape: Shape, seen: set[int] | None, earlier: Keys | None) -> None:
        self.shape, self.seen, self.earlier = shape, seen, earlier
        self.all = Sums(len(shape.columns))
        self.kept = Sums(len(shape.columns))

    def add(self, rows: list[tuple[Any, ...]]) -> None:
        """Take a chunk of rows: the key's values first, then all columns."""
        width = len(self.shape.key)
        for row in rows:
            key = packed(row[:width]) if width else b""
            sums = [self.all]
            if width and (self.seen is not None or self.earlier is not None):
                mark = hash(key)
                if self.seen is not None and len(self.seen) <= KEYS_KEPT:
                    self.seen.add(mark)
                if self.earlier is not None and mark in self.earlier:
                    sums.append(self.kept)
            hashes = [
                None if value is None else hash(key + packed(value)) & MASK for value in row[width:]
            ]
            for target in sums:
                target.add(hashes)

    @property
    def keys(self) -> set[int] | None:
        """The hashed primary keys that were seen, unless they were too many to keep."""
        return self.seen if self.seen is not None and len(self.seen) <= KEYS_KEPT else None

    def result(self) -> TableCount:
        """The count of this table."""
        earlier = None
        if self.earlier is not None:
            earlier = self.kept.table(self.shape)
        whole = self.all.table(self.shape)
        return TableCount(whole.name, whole.rows, whole.columns, earlier)


class Sums:
    """Rows, non-null counts and checksums of one table, growing."""

    def __init__(self, width: int) -> None:
        self.rows = 0
        self.non_null = [0] * width
        self.sums = [0] * width

    def add(self, hashes: list[int | None]) -> None:
        """Take one row as the hashes of its values, None for NULL."""
        self.rows += 1
        for index, value in enumerate(hashes):
            if value is not None:
                self.non_null[index] += 1
                self.sums[index] += value

    def table(self, shape: Shape) -> TableCount:
        """The figures as a value; the sums modulo 2^64."""
        columns = tuple(
            ColumnCount(name, self.non_null[i], f"{self.sums[i] & MASK:016x}")
            for i, name in enumerate(shape.columns)
        )
        return TableCount(shape.name, self.rows, columns)


def packed(value: Any) -> bytes:
    """Return any value as bytes, the same for equal values: 1 and 1.0 and Decimal("1") are equal."""
    if isinstance(value, tuple):
        return b"(" + b",".join(packed(item) for item in value) + b")"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    elif isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else str(value.normalize())
    try:
        return marshal.dumps(value, 2)
    except ValueError:  # a type of the driver's own
        return repr(value).encode()
