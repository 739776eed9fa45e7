"""ledger: per table before and after: rows, non-null counts, and a checksum of every earlier column.

The values and the pure comparison. Counting a live database is `console.schema.count`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from console.schema.heirs import is_told
from console.schema.setting import Setting, Thing, gained, lost


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
UNTOLD = "the values of the rows that stay cannot be told from here"


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


def compare(before: Count, after: Count, statements: Collection[str] = ()) -> Ledger:
    """Return what became of every table and object of `before`, and what is new in `after`.

    A table or column that is gone while a new one holds exactly the same is taken as renamed; a column
    with one value in all rows only where one of the plan's `statements` says so: many are alike.
    Tables come in the order of their names.
    """
    then = {table.name: table for table in before.tables}
    now = {table.name: table for table in after.tables}
    gone = [then[name] for name in then if name not in now]
    new = [now[name] for name in now if name not in then]
    renamed = _pair_tables(gone, new)
    entries = [_compare_table(then[name], now[name], statements) for name in then if name in now]
    for table in gone:
        successor = renamed.get(table.name)
        entries.append(
            _compare_table(table, successor, statements) if successor else _removed(table)
        )
    successors = {table.name for table in renamed.values()}
    entries.extend(_added(table) for table in new if table.name not in successors)
    entries.sort(key=lambda entry: entry.table)
    objects = before.objects, after.objects
    names = dict(_names(entries))
    ledger = concluded(
        tuple(entries),
        beyond(*objects),
        beyond(*objects[::-1]),
        _set_back(before, after),
        lost(before.settings, after.settings, names),
    )
    return replace(ledger, settings_gained=gained(before.settings, after.settings, names))


def _names(entries: Iterable[Entry]) -> Iterable[tuple[Thing, Thing]]:
    """Tables and columns that are still there, with what they are called now."""
    for entry in entries:
        if entry.rows_before is None or entry.rows_after is None:
            continue
        name = entry.renamed_to or entry.table
        yield ("table", entry.table), ("table", name)
        for column in entry.columns:
            if column.verdict != "added" and column.non_null_after is not None:
                now = column.renamed_to or column.name
                yield ("column", f"{entry.table}.{column.name}"), ("column", f"{name}.{now}")


def _set_back(before: Count, after: Count) -> tuple[tuple[str, int, int], ...]:
    """The sequences that give lower numbers than they did."""
    now = dict(after.positions)
    return tuple(
        (name, then, now[name])
        for name, then in before.positions
        if name in now and now[name] < then
    )


def beyond(
    some: tuple[tuple[str, str], ...], others: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    """Return the objects that are more than others: several tables may have a trigger of one name each."""
    return tuple((Counter(some) - Counter(others)).elements())


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


def _pair_tables(gone: list[TableCount], new: list[TableCount]) -> dict[str, TableCount]:
    """Return, by the old name, the new table that holds the same; empty tables by their columns."""
    pairs: dict[str, TableCount] = {}
    free = list(new)
    for table in gone:
        for candidate in free:
            if _holds_the_same(table, candidate):
                pairs[table.name] = candidate
                free.remove(candidate)
                break
    return pairs


def _holds_the_same(old: TableCount, new: TableCount) -> bool:
    if old.rows != new.rows or not old.columns:
        return False
    if not old.rows:
        return {c.name for c in old.columns} == {c.name for c in new.columns}
    contents = {(c.non_null, c.checksum) for c in new.columns}
    return all((c.non_null, c.checksum) in contents for c in old.columns)


def _compare_table(old: TableCount, new: TableCount, statements: Collection[str]) -> Entry:
    """One table that is still there, under its own name or another."""
    lost = max(old.rows - new.rows, 0)
    counted = new
    if new.earlier and (new.rows != old.rows or 0 < new.earlier.rows < old.rows):
        lost = max(old.rows - new.earlier.rows, lost)
        counted = new.earlier
    base = old if not lost else new.then if new.earlier else None
    is_whole = new.whole is not None and new.whole == min(old.rows, new.rows)
    if is_whole:  # others went or came, and nothing else
        base = counted
    untold = base is None and counted.rows > 0
    columns = _compare_columns(old, new, counted, base, statements)
    verdicts = {column.verdict for column in columns}
    verdict: Verdict = "identical"
    past = max(old.history - new.history, 0)
    ends = old.is_versioned and not new.is_versioned
    if lost or past or ends or "lost" in verdicts:
        verdict = "lost"
    elif "changed" in verdicts:
        verdict = "changed"
    mixed = verdict == "identical" and not is_whole and _is_mixed(old, new, columns)
    if mixed:
        verdict = "changed"
    renamed_to = new.name if new.name != old.name else None
    sentence = _sentence(old, new, columns, lost, mixed, untold)
    return Entry(
        old.name,
        verdict,
        old.rows,
        new.rows,
        columns,
        sentence,
        renamed_to,
        lost,
        mixed,
        untold,
        past,
        is_history_gone=ends,
    )


def _is_mixed(old: TableCount, new: TableCount, columns: tuple[ColumnEntry, ...]) -> bool:
    """Whether values changed places between the rows of a table without a primary key."""
    names = tuple(c.renamed_to or c.name for c in columns if c.verdict != "added")
    if old.name != new.name and names != new.names:
        return False  # of a renamed table, the rows were summed up as they are now
    return bool(old.together and new.together) and old.together != new.together


def _compare_columns(
    old: TableCount,
    new: TableCount,
    counted: TableCount,
    base: TableCount | None,
    statements: Collection[str],
) -> tuple[ColumnEntry, ...]:
    """Every earlier column, then the new ones. `counted` is `new` over the earlier rows if known, and
    `base` what these rows were; None where that is not known."""
    was = {column.name: column for column in base.columns} if base else {}
    now = {column.name: column for column in counted.columns}
    earlier = {column.name for column in old.columns}
    free = [column for column in counted.columns if column.name not in earlier]
    entries = []
    for column in old.columns:
        same, first = now.get(column.name), was.get(column.name)
        if same:
            entries.append(_column_kept(column, same, first, counted.rows))
            continue
        alike = [f for f in free if first and first.non_null and _is_same(first, f)]
        heirs = (
            f
            for f in alike
            if f.name not in new.uniform or is_told(column.name, f.name, statements)
        )
        if heir := next(heirs, None):
            free.remove(heir)
            entries.append(
                ColumnEntry(column.name, "identical", column.non_null, heir.non_null, heir.name)
            )
        else:
            gone: Verdict = "lost" if column.non_null else "identical"
            entries.append(ColumnEntry(column.name, gone, column.non_null, None))
    totals = {column.name: column.non_null for column in new.columns}
    entries.extend(ColumnEntry(f.name, "added", None, totals[f.name]) for f in free)
    return tuple(entries)


def _column_kept(
    column: ColumnCount, same: ColumnCount, first: ColumnCount | None, rows: int
) -> ColumnEntry:
    """A column that is still there, which was `first` in the `rows` that stay. Fewer rows are a loss
    of the table, not of each column."""
    verdict: Verdict = "identical"
    if first and not _is_same(first, same):
        verdict = "changed"
    elif not first and rows:
        verdict = "unknown"
    return ColumnEntry(column.name, verdict, column.non_null, same.non_null)


def _is_same(one: ColumnCount, other: ColumnCount) -> bool:
    is_equal = one.checksum == other.checksum
    if not (one.other and other.other):  # else both are of that type still
        is_equal = is_equal or one.checksum == other.other or one.other == other.checksum
    return one.non_null == other.non_null and is_equal


def _removed(table: TableCount) -> Entry:
    verdict: Verdict = "lost" if table.rows or table.is_versioned or table.history else "identical"
    columns = tuple(
        ColumnEntry(c.name, "lost" if c.non_null else "identical", c.non_null, None)
        for c in table.columns
    )
    loss = f"{rows_of(table.rows)} lost" if table.rows else "it was empty"
    past = ", and its history" if table.is_versioned else ""
    past = f", and {rows_of(table.history)} of its history" if table.history else past
    return Entry(
        table.name,
        verdict,
        table.rows,
        None,
        columns,
        f"{table.name}: table removed, {loss}{past}",
        rows_lost=table.rows,
        history_lost=table.history,
        is_history_gone=table.is_versioned,
    )


def _added(table: TableCount) -> Entry:
    columns = tuple(ColumnEntry(c.name, "added", None, c.non_null) for c in table.columns)
    sentence = f"{table.name}: new table, {rows_of(table.rows)}"
    return Entry(table.name, "added", None, table.rows, columns, sentence)


def _sentence(
    old: TableCount,
    new: TableCount,
    columns: tuple[ColumnEntry, ...],
    lost: int,
    mixed: bool,
    untold: bool,
) -> str:
    """ "products: 3 rows before, 3 after, every earlier value identical" and its variations."""
    parts = [f"{rows_of(old.rows)} before, {new.rows:,} after"]
    if new.name != old.name:
        parts.insert(0, f"renamed to {new.name}")
    if lost:
        parts.append(f"{rows_of(lost)} lost")
    if new.history < old.history:
        parts.append(f"{rows_of(old.history - new.history)} of its history lost")
    elif old.is_versioned and not new.is_versioned:
        parts.append("its history lost")
    for column in columns:
        if column.renamed_to:
            parts.append(f"column {column.name} renamed to {column.renamed_to}")
        elif column.verdict == "lost":
            parts.append(
                f"column {column.name} removed, {values_of(column.non_null_before or 0)} lost"
            )
        elif column.verdict == "identical" and column.non_null_after is None:
            parts.append(f"empty column {column.name} removed")
    changed = [column.name for column in columns if column.verdict == "changed"]
    if changed:
        parts.append(f"values changed in {', '.join(changed)}{_replaced(old, new)}")
    elif mixed:
        parts.append("values changed places between rows")
    elif untold:
        parts.append(UNTOLD)
    elif not old.columns and old.rows and not lost:
        parts.append("what they hold was not compared")
    elif not lost and old.rows and (new.together or not old.together):
        rest = any(column.verdict == "lost" for column in columns)
        parts.append(f"every {'other' if rest else 'earlier'} value identical")
    return f"{old.name}: {', '.join(parts)}"


def _replaced(old: TableCount, new: TableCount) -> str:
    """How many rows are not there under their keys any more, where as many are there as before."""
    number = old.rows - new.earlier.rows if new.earlier and new.rows == old.rows else 0
    if number <= 0:
        return ""
    return (
        ": 1 row was replaced by another, or given another key"
        if number == 1
        else f": {rows_of(number)} were replaced by others, or given other keys"
    )


def concluded(
    entries: tuple[Entry, ...],
    objects_lost: tuple[tuple[str, str], ...],
    objects_gained: tuple[tuple[str, str], ...],
    set_back: tuple[tuple[str, int, int], ...] = (),
    settings_lost: tuple[str, ...] = (),
) -> Ledger:
    """Return the ledger that these entries make, summed up."""
    losses = [entry.sentence for entry in entries if entry.verdict == "lost"]
    # An index can be made again from the data; what a trigger or a view did is gone.
    losses.extend(f"{kind} {name} removed" for kind, name in objects_lost if kind != "index")
    changed = [entry.sentence for entry in entries if entry.verdict == "changed"]
    changed.extend(
        f"the sequence of {name} goes back from {then:,} to {now:,}" for name, then, now in set_back
    )
    rows = sum(entry.rows_before or 0 for entry in entries)
    tables = sum(entry.rows_before is not None for entry in entries)
    if losses:
        verdict = f"Data is lost: {'; '.join(losses)}."
    elif changed:
        verdict = f"Nothing is lost, but values change: {'; '.join(changed)}."
    elif not tables:
        verdict = "Nothing is lost: there was no table before."
    else:
        count = f"{tables:,} table{'' if tables == 1 else 's'}"
        verdict = f"Nothing is lost: {rows_of(rows)} in {count}, every earlier value identical"
        theirs = ", ".join(entry.table for entry in entries if entry.by_others)
        verdict += f" but for what others changed meanwhile in {theirs}." if theirs else "."
    if settings_lost:
        verdict = f"{verdict.replace('Nothing', 'No value', 1)} But {'; '.join(settings_lost)}."
    return Ledger(
        entries,
        objects_lost,
        objects_gained,
        tuple(losses),
        is_clean=not (losses or changed or settings_lost),
        verdict=verdict,
        set_back=set_back,
        settings_lost=settings_lost,
    )


def rows_of(number: int) -> str:
    """Return "1 row", "3,000 rows"."""
    return f"{number:,} row{'' if number == 1 else 's'}"


def values_of(number: int) -> str:
    """Return "1 value", "3,000 values"."""
    return f"{number:,} value{'' if number == 1 else 's'}"
