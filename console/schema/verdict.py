"""verdict: a ledger in the words of a person: a sentence for each table, and one for all."""

from __future__ import annotations

from console.schema.ledger import ColumnEntry, Entry, Ledger, TableCount

UNTOLD = "the values of the rows that stay cannot be told from here"


def sentence_of(
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
