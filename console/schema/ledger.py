"""ledger: per table before and after: rows, non-null counts, and a checksum of every earlier column.

The values. Counting a live database is `console.schema.count`, holding two counts against each other
`console.schema.survival`, and saying it `console.schema.verdict`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from console.schema.setting import Setting


@dataclass(frozen=True)
class ColumnCount:
    """One column at one moment: how many values are not NULL, and an order-free checksum of
    (primary key, value) over all rows. `other` is the checksum that these values have in the words of
    another type that they may become (`jsonb`, of a `json`); "" where there is none."""

    name: str
    non_null: int
    checksum: str
    other: str = ""


@dataclass(frozen=True)
class TableCount:
    """One table at one moment.

    `earlier` is the same table counted over those rows only whose primary key was there at an
    earlier count; None where nothing earlier is known or the table has no primary key. `then` is what
    these very rows were at that earlier count, where some are gone; None where that is not known.
    Without a primary key,
    `together` is an order-free checksum of whole rows, of the columns that were there at first, and
    `whole` how many of the rows of that earlier count are there as they were; None where they are all,
    or that is not known.
    `key` are the columns by which rows were told apart, None where that is not known. `uniform` are
    those of its new columns that hold one and the same value in all of several rows, where earlier
    ones are gone. `history` is how many rows it keeps that are past, where it `is_versioned`: a clone
    has none of them.
    """

    name: str
    rows: int
    columns: tuple[ColumnCount, ...]
    earlier: TableCount | None = None
    then: TableCount | None = None
    together: str = ""
    key: tuple[str, ...] | None = None
    uniform: tuple[str, ...] = ()
    history: int = 0
    is_versioned: bool = False
    whole: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class Count:
    """A whole database at one moment: every table, and the names of views, triggers and indexes, as
    often as there are; what each sequence that counts up gives next; and what is set for all these."""

    tables: tuple[TableCount, ...]
    objects: tuple[tuple[str, str], ...]  # (kind, name)
    positions: tuple[
        tuple[str, int], ...
    ] = ()  # ("products.id", 4), or by the name of the sequence
    settings: tuple[Setting, ...] = ()


Verdict = Literal["identical", "changed", "lost", "added", "unknown"]


@dataclass(frozen=True)
class ColumnEntry:
    """One column before and after. "lost" when the column is gone and held values; a renamed one is
    "identical" and carries its new name; "unknown" where rows are gone, and nobody kept what the
    values of the others were."""

    name: str
    verdict: Verdict
    non_null_before: int | None
    non_null_after: int | None
    renamed_to: str | None = None


@dataclass(frozen=True)
class Entry:
    """One table before and after. `sentence` says it all: "products: 3 rows before, 3 after, every
    earlier value identical". `rows_lost` counts rows that are gone; `mixed` where the values of each
    column are what they were, and those of a row are not together any more; `untold` where rows are
    gone and the values of those that stay are not known. `history_lost` counts rows of the past,
    and `is_history_gone` where it keeps none any more, whether there were any or not.
    `by_others` where others have changed it while the plan ran, and the plan has not."""

    table: str
    verdict: Verdict
    rows_before: int | None
    rows_after: int | None
    columns: tuple[ColumnEntry, ...]
    sentence: str
    renamed_to: str | None = None
    rows_lost: int = 0
    mixed: bool = False
    untold: bool = False
    history_lost: int = 0
    by_others: bool = False
    is_history_gone: bool = False


@dataclass(frozen=True)
class Ledger:
    """What survived. `losses` are sentences with numbers; `is_clean` when nothing was lost or changed.

    `is_sample` where not all rows were there to be counted: its numbers are those of a sample. `more`
    says what was lost in a greater number than in the rehearsal, since the database had grown.
    `held` are the tables that the plan kept others from writing to. `set_back` are sequences, with
    what they gave next before and after: what they give again is in use, or was. `settings_lost` and
    `settings_gained` are sentences: "products has lost SELECT for reporting".
    """

    entries: tuple[Entry, ...]
    objects_lost: tuple[tuple[str, str], ...]
    objects_gained: tuple[tuple[str, str], ...]
    losses: tuple[str, ...]
    is_clean: bool
    verdict: str  # one sentence for the top of a page
    is_sample: bool = False
    more: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    set_back: tuple[tuple[str, int, int], ...] = ()
    settings_lost: tuple[str, ...] = ()
    settings_gained: tuple[str, ...] = ()


def losing_rows(ledger: Ledger) -> frozenset[str]:
    """Return the tables that lost rows and are still there."""
    return frozenset(e.table for e in ledger.entries if e.rows_lost and e.rows_after is not None)


def renames_in(ledger: Ledger) -> tuple[str, ...]:
    """Return the renames of columns that a ledger tells of, as SQL."""
    columns = [column for entry in ledger.entries for column in entry.columns]
    return tuple(f"RENAME {c.name} TO {c.renamed_to}" for c in columns if c.renamed_to)


def of_sample(ledger: Ledger, words: str) -> Ledger:
    """Return a ledger as that of a sample, which its verdict says: `words` is "a sample of 20 rows"."""
    verdict = f"Judged by {words}: {ledger.verdict[:1].lower()}{ledger.verdict[1:]}"
    return replace(ledger, verdict=verdict, is_sample=True)
