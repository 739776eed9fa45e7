"""survival: what became of every table, column and object between two counts of a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from console.schema.heirs import is_told
from console.schema.ledger import (
    ColumnCount,
    ColumnEntry,
    Count,
    Entry,
    Ledger,
    TableCount,
    Verdict,
)
from console.schema.setting import Thing, gained, lost
from console.schema.verdict import concluded, rows_of, sentence_of


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
    sentence = sentence_of(old, new, columns, lost, mixed, untold)
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
