"""sample: what a clone holds of a database that is too large to be copied whole.

The whole schema, and of each table the first and the last rows in the order of its primary key (the
oldest and the newest, as keys are usually given), with every row that these point to by a foreign key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from console.schema.size import size_in_words

LIMIT = 20 * 1024**3  # bytes
ROWS = 10_000  # of each table


@dataclass(frozen=True)
class Sample:
    """How many rows a clone holds of a database of `size` bytes, which is more than `limit`."""

    rows: int
    size: int
    limit: int

    @property
    def words(self) -> str:
        """ "a sample of 20,134 rows"."""
        return f"a sample of {self.rows:,} row{'' if self.rows == 1 else 's'}"

    @property
    def sentence(self) -> str:
        """What it is, and why not everything."""
        sizes = f"{size_in_words(self.size)}, more than the limit of {size_in_words(self.limit)}"
        return (
            f"This is {self.words}, what they point to among them, and not all of the data: the "
            f"database has {sizes}."
        )


@dataclass(frozen=True)
class Rows:
    """A table to take rows of: its name, the columns that can be written and the primary key, quoted."""

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


@dataclass(frozen=True)
class Reference:
    """A foreign key: columns of one table that point to columns of another, all quoted."""

    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


def fill(
    execute: Callable[[str], int],
    tables: Iterable[Rows],
    references: Iterable[Reference],
    *,
    insert: str,
    source: str,
) -> None:
    """Fill empty tables with a sample, by `execute`, which returns how many rows a statement added.

    `insert` is how the database inserts what is not there yet, `source` what stands in front of the
    name of a table to mean the one that rows are taken from.
    """
    by_name = {table.table: table for table in tables}
    for table in by_name.values():
        into = f"{insert} INTO {table.table} ({', '.join(table.columns)})"
        for statement in ends_of(table, f"{source}.{table.table}"):
            execute(f"{into} {statement}")
    missing = [
        f"{insert} INTO {r.parent} ({', '.join(by_name[r.parent].columns)}) {_parents(r, by_name[r.parent], source)}"
        for r in references
        if r.table in by_name and r.parent in by_name
    ]
    while sum(execute(statement) for statement in missing):
        pass  # parents have parents


def ends_of(table: Rows, source: str) -> tuple[str, ...]:
    """Return the SELECTs of a table's first and last rows; one of any rows where it has no key."""
    select = f"SELECT {', '.join(table.columns)} FROM {source}"  # noqa: S608 - names are quoted
    if not table.key:
        return (f"{select} LIMIT {ROWS}",)
    half = f"LIMIT {ROWS // 2}"
    first, last = ", ".join(table.key), ", ".join(f"{name} DESC" for name in table.key)
    return (f"{select} ORDER BY {first} {half}", f"{select} ORDER BY {last} {half}")


def _parents(reference: Reference, parent: Rows, source: str) -> str:
    """The SELECT of the rows that a sample points to and does not hold."""
    pairs = list(zip(reference.columns, reference.parent_columns, strict=True))
    wanted = ", ".join(f"c.{column} AS k{i}" for i, (column, _) in enumerate(pairs))
    there = " AND ".join(f"q.{theirs} = c.{ours}" for ours, theirs in pairs)
    same = " AND ".join(f"p.{theirs} = m.k{i}" for i, (_, theirs) in enumerate(pairs))
    missing = (
        f"SELECT DISTINCT {wanted} FROM {reference.table} c "  # noqa: S608 - names are quoted
        f"WHERE NOT EXISTS (SELECT 1 FROM {reference.parent} q WHERE {there})"
    )
    columns = ", ".join(f"p.{column}" for column in parent.columns)
    return f"SELECT {columns} FROM ({missing}) m JOIN {source}.{reference.parent} p ON {same}"  # noqa: S608 - names are quoted
