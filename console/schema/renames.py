"""renames: what looks like a drop and an add, and may be a rename in truth."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.schema.catalogue import Change, Difference, TableDifference
from console.schema.sqltext import key

# PostgreSQL names the sequence of a SERIAL after its table and column, so that no two have the same.
SEQUENCE = re.compile(r"nextval\('(?:[^']|'')*'::regclass\)")


def suspected_renames(difference: Difference) -> tuple[str, ...]:
    """Return a sentence for every pair of a column, or a whole table, that is gone and a new one
    that says exactly the same."""
    return (*_columns(difference), *_tables(difference))


def _columns(difference: Difference) -> Iterator[str]:
    for table in difference.tables:
        columns = [change for change in table.changes if change.kind == "column"]
        for gone in columns:
            for new in columns:
                if (gone.sign, new.sign) == ("removed", "added") and _same(gone, new):
                    yield (
                        f"{table.name}: {gone.name} and {new.name} are alike; "
                        "one may be the other, renamed."
                    )


def _tables(difference: Difference) -> Iterator[str]:
    whole = [table for table in difference.tables if not table.is_view]
    for gone in whole:
        for new in whole:
            if (gone.sign, new.sign) == ("removed", "added") and _shape(gone) == _shape(new):
                yield (
                    f"The tables {gone.name} and {new.name} have the same columns; "
                    "one may be the other, renamed."
                )


def _same(gone: Change, new: Change) -> bool:
    return _words(gone) == _words(new)


def _words(change: Change) -> str:
    """What a column that is gone or new is, but for the name of a sequence of its own."""
    return key(SEQUENCE.sub("nextval", change.before or change.after or ""))


def _shape(table: TableDifference) -> list[tuple[str, str]]:
    """The columns of a table that is wholly new or gone."""
    return [
        (change.name.lower(), _words(change)) for change in table.changes if change.kind == "column"
    ]
