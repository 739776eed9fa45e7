"""ledger: per table before and after: rows, non-null counts, and a checksum of every earlier column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ColumnCount:
    """One column at one moment: how many values are not NULL, and an order-free checksum of
    (primary key, value) over all rows."""

    name: str
    non_null: int
    checksum: str


@dataclass(frozen=True)
class TableCount:
    """One table at one moment."""

    name: str
    rows: int
    columns: tuple[ColumnCount, ...]


@dataclass(frozen=True)
class Count:
    """A whole database at one moment: every table, and the names of views, triggers and indexes."""

    tables: tuple[TableCount, ...]
    objects: tuple[tuple[str, str], ...]  # (kind, name)


Verdict = Literal["identical", "changed", "lost", "added"]


@dataclass(frozen=True)
class ColumnEntry:
    """One column before and after. "lost" when the column is gone and held values."""

    name: str
    verdict: Verdict
    non_null_before: int | None
    non_null_after: int | None


@dataclass(frozen=True)
class Entry:
    """One table before and after. `sentence` says it all: "products: 3 rows before, 3 after, every
    earlier value identical"."""

    table: str
    verdict: Verdict
    rows_before: int | None
    rows_after: int | None
    columns: tuple[ColumnEntry, ...]
    sentence: str


@dataclass(frozen=True)
class Ledger:
    """What survived. `losses` are sentences with numbers; `is_clean` when nothing was lost or changed."""

    entries: tuple[Entry, ...]
    objects_lost: tuple[tuple[str, str], ...]
    objects_gained: tuple[tuple[str, str], ...]
    losses: tuple[str, ...]
    is_clean: bool
    verdict: str  # one sentence for the top of a page
