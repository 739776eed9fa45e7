"""excess: what a plan loses for real beyond what it lost in its rehearsal.

A busy database grows between the two, and with it what the plan loses. More of what was approved is
the same loss as long as it can be shown to be of the same kind: all that a table or a column holds
may be more by then, and a share of a table's rows may be of more rows, where enough of them were seen
for a share to be known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from console.schema.ledger import ColumnEntry, Count, Entry, Ledger
from console.schema.survival import beyond
from console.schema.verdict import UNTOLD, rows_of, values_of

SLACK = 1.1  # a share that is lost wavers with the rows that were added; by a tenth, no more
SURE = 1.645  # standard deviations below which 95 of 100 lie
NOTHING = Entry("", "identical", None, None, (), "")


@dataclass(frozen=True)
class Growth:
    """Something that is lost in a greater number than in the rehearsal, and whether that `is_foreseen`:
    of the kind that was approved."""

    subject: str
    lost: str  # "1,050 rows"
    number: int
    before: int
    is_foreseen: bool

    @property
    def sentence(self) -> str:
        """ "products: 1,050 rows lost, 50 more than in the rehearsal", or "…, 0 in the rehearsal"."""
        if self.is_foreseen:
            more = self.number - self.before
            return f"{self.subject}: {self.lost} lost, {more:,} more than in the rehearsal"
        return f"{self.subject}: {self.lost} lost, {self.before:,} in the rehearsal"


def excess(actual: Ledger, expected: Ledger) -> tuple[str, ...]:
    """Return, in words, what `actual` lost or changed that is not of the kind that `expected` did.

    Where `expected` is of a sample, what was lost in it at all may be lost in any number, and the
    values of the rows that stay may be too many to be told.
    """
    further = beyond(actual.objects_lost, expected.objects_lost)
    objects = (f"{kind} {name} lost" for kind, name in further)
    known = {name for name, _, _ in expected.set_back}
    back = (
        f"the sequence of {name} goes back from {then:,} to {now:,}, not so in the rehearsal"
        for name, then, now in actual.set_back
        if name not in known
    )
    return (*(sentence for _, sentence in by_table(actual, expected)), *objects, *back)


def by_table(actual: Ledger, expected: Ledger) -> Iterator[tuple[str, str]]:
    """Yield the same of tables only, each with its name."""
    known = {entry.table: entry for entry in expected.entries}
    for entry in actual.entries:
        foreseen = known.get(entry.table, NOTHING)
        for each in _growths(entry, foreseen, is_sample=expected.is_sample):
            if not each.is_foreseen:
                yield entry.table, each.sentence
        for sentence in _changes(entry, foreseen, is_sample=expected.is_sample):
            yield entry.table, sentence


def told(actual: Ledger, expected: Ledger) -> Ledger:
    """Return a ledger that says how much more was lost than in the rehearsal; of a sample, every loss
    is more."""
    if expected.is_sample:
        return actual
    known = {entry.table: entry for entry in expected.entries}
    grown = (
        each
        for entry in actual.entries
        for each in _growths(entry, known.get(entry.table, NOTHING), is_sample=False)
    )
    return replace(actual, more=tuple(each.sentence for each in grown if each.is_foreseen))


def ahead(first: Count, expected: Ledger) -> tuple[str, ...]:
    """Return, in words, what would be lost beyond the rehearsal if what it dropped is dropped now: told
    before anything is, since not every database takes it back."""
    now = {table.name: table for table in first.tables}
    entries = []
    for entry in expected.entries:
        if (table := now.get(entry.table)) is None or entry.rows_before is None or entry.renamed_to:
            continue
        filled = {column.name: column.non_null for column in table.columns}
        gone = tuple(
            replace(
                c, verdict="lost" if filled[c.name] else "identical", non_null_before=filled[c.name]
            )
            for c in entry.columns
            if c.name in filled and c.non_null_after is None and not c.renamed_to
        )
        lost = table.rows if entry.rows_after is None else 0
        entries.append(
            replace(entry, rows_before=table.rows, columns=gone, rows_lost=lost, history_lost=0)
        )
    what_goes = replace(expected, entries=tuple(entries), objects_lost=(), set_back=())
    return excess(what_goes, expected)


def _growths(entry: Entry, foreseen: Entry, *, is_sample: bool) -> Iterator[Growth]:
    """What is more in one table."""
    if entry.rows_lost > foreseen.rows_lost:
        is_foreseen = _is_same_loss(entry, foreseen) or (is_sample and foreseen.rows_lost > 0)
        lost = rows_of(entry.rows_lost)
        yield Growth(entry.table, lost, entry.rows_lost, foreseen.rows_lost, is_foreseen)
    if entry.history_lost > foreseen.history_lost:
        lost = f"{rows_of(entry.history_lost)} of its history"
        before, is_foreseen = foreseen.history_lost, _is_gone(foreseen) or foreseen.is_history_gone
        yield Growth(entry.table, lost, entry.history_lost, before, is_foreseen)
    if _is_gone(entry) and _is_gone(foreseen):
        return  # its rows say it all
    known = {column.name: column for column in foreseen.columns}
    added = (entry.rows_before or 0) - (foreseen.rows_before or 0)
    for column in entry.columns:
        if column.verdict != "lost":
            continue
        number, before = column.non_null_before or 0, _lost(known.get(column.name))
        if number > before:
            # More than the table has grown are values that were put into rows of then: somebody
            # uses the column.
            is_foreseen = before > 0 and (is_sample or number - before <= added)
            place = f"{entry.table}.{column.name}"
            yield Growth(place, values_of(number), number, before, is_foreseen)


def _is_same_loss(entry: Entry, foreseen: Entry) -> bool:
    """Whether more rows are lost in the way that they were in the rehearsal: with their table; all of
    them; or as great a share, while as many stay as stayed then. Of few rows no share is known."""
    now, then = entry.rows_before or 0, foreseen.rows_before or 0
    if not foreseen.rows_lost:
        return False
    if _is_gone(entry) and _is_gone(foreseen):
        return True
    if not is_share(foreseen.rows_lost, then):
        return False
    if foreseen.rows_lost == then:
        return entry.rows_lost == now
    stays = now - entry.rows_lost >= then - foreseen.rows_lost
    return stays and entry.rows_lost * then <= SLACK * foreseen.rows_lost * now


def is_share(lost: int, rows: int) -> bool:
    """Return whether it is known from so many `lost` of so many `rows` what share is lost, to a tenth:
    with 95% certainty (the lower end of Wilson's interval) it is no smaller than what the slack adds."""
    share, weight = lost / rows, SURE**2 / rows
    spread = math.sqrt(weight * (share * (1 - share) + weight / 4))
    return SLACK * (share + weight / 2 - spread) >= share * (1 + weight)


def _is_gone(entry: Entry) -> bool:
    """Whether a table was removed that held rows."""
    return entry.rows_after is None and entry.rows_lost > 0


def _lost(column: ColumnEntry | None) -> int:
    """How many values were lost with a column."""
    return (column.non_null_before or 0) if column and column.verdict == "lost" else 0


def _changes(entry: Entry, foreseen: Entry, *, is_sample: bool) -> Iterator[str]:
    """What of one table is not what it was, and was in the rehearsal."""
    known = {column.name: column for column in foreseen.columns}
    for column in entry.columns:
        then = known.get(column.name)
        if column.verdict == "changed" and not (then and then.verdict == "changed"):
            yield f"{entry.table}.{column.name}: values changed, not so in the rehearsal"
    if entry.mixed and not foreseen.mixed:
        yield f"{entry.table}: values changed places between rows, not so in the rehearsal"
    if entry.untold and not (foreseen.untold or (is_sample and foreseen.table)):
        yield f"{entry.table}: {UNTOLD}, as they could in the rehearsal"
