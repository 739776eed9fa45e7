"""sample: what a clone holds of a database that is too large to be copied whole.

The whole schema, and of each table the first and the last rows in the order of its primary key (the
oldest and the newest, as keys are usually given), with every row that these point to by a foreign key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from console.schema.size import size_in_words

LIMIT = 20 * 1024**3  # bytes
ROWS = 10_000  # of each table
COUNTED = (
    1_000_000  # rows of a table that the database has no estimate of: about a second; not more
)
NAMED = 10  # tables of which a sample says that it holds a part


@dataclass(frozen=True)
class Sample:
    """How many rows a clone holds of a database of `size` bytes, which is more than `limit`; `total` is
    how many there are, about (`is_estimate`) or exactly, and None where the database cannot tell. Of
    the tables in `partial` it holds a part, of all others every row."""

    rows: int
    size: int
    limit: int
    total: int | None = None
    is_estimate: bool = True
    partial: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether it holds every row that there is: the schema or the indexes are what is large."""
        return self.total == self.rows and not self.partial

    @property
    def words(self) -> str:
        """ "a sample of 20,134 of about 12,345,678 rows", "a sample of 20,134 rows", "all 7 rows"."""
        if self.is_whole:
            return f"all {self.rows:,} row{'' if self.rows == 1 else 's'}"
        if self.total is None:
            return f"a sample of {self.rows:,} row{'' if self.rows == 1 else 's'}"
        about = "about " if self.is_estimate else ""
        rows = f"row{'' if self.total == 1 else 's'}"
        return f"a sample of {self.rows:,} of {about}{self.total:,} {rows}"

    @property
    def sentence(self) -> str:
        """What it is, and why not everything."""
        sizes = f"{size_in_words(self.size)}, more than the limit of {size_in_words(self.limit)}"
        if self.is_whole:
            return f"This is all of the data, {self.words}, copied row by row: the database has {sizes}."
        return (
            f"This is {self.words}, what they point to among them, and not all of the data: the "
            f"database has {sizes}.{self._parts}"
        )

    @property
    def _parts(self) -> str:
        """Of which tables there is a part."""
        if not self.partial:
            return ""
        more = len(self.partial) - NAMED
        also = f" and {more:,} more" if more > 0 else ""
        return f" Of {', '.join(self.partial[:NAMED])}{also} it holds a part, of other tables every row."


@dataclass(frozen=True)
class Taken:
    """How many rows were taken, of how many: see `Sample`."""

    rows: int
    total: int | None
    is_estimate: bool
    partial: tuple[str, ...] = ()

    def of(self, size: int, limit: int) -> Sample:
        """The sample of a database of that size."""
        return Sample(self.rows, size, limit, self.total, self.is_estimate, self.partial)


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


def taken(
    rows: int,
    sources: Mapping[str, tuple[str, int | None]],
    count: Callable[[str], int],
    missing: Mapping[str, str | None] | None = None,
) -> Taken:
    """Say how many rows there are besides those that were taken. `sources` are by their names the
    tables as SQL has them, with the database's own estimate, None where it has none; `count` returns the
    number that a statement asks for. A table is counted that is as small as a sample of it, or of which
    there is no estimate, as far as that takes no time. `missing` is by its name what else holds rows, none of
    which were taken, as SQL has it; None where they cannot be counted."""
    total, is_estimate, is_known = 0, False, True
    partial = []
    for name, (source, estimate) in sources.items():
        few = _counted(source, ROWS, count)
        if few is not None:
            total += few
            continue
        partial.append(name)
        if estimate is None or estimate <= ROWS:  # then it is long out of date
            number = _counted(source, COUNTED, count)
            total, is_known = total + (number or 0), is_known and number is not None
        else:
            total, is_estimate = total + estimate, True
    for name, place in (missing or {}).items():
        number = None if place is None else _counted(place, COUNTED, count)
        total, is_known = total + (number or 0), is_known and number is not None
        if number != 0:
            partial.append(name)
    return Taken(rows, total if is_known else None, is_estimate, tuple(partial))


def _counted(source: str, limit: int, count: Callable[[str], int]) -> int | None:
    """How many rows a table has; None where they are more than `limit`, which are not counted."""
    number = count(f"SELECT count(*) FROM (SELECT 1 FROM {source} LIMIT {limit + 1}) few")  # noqa: S608 - quoted
    return number if number <= limit else None


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
