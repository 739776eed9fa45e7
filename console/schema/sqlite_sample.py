"""sqlite_sample: a copy of an SQLite database with its whole schema and a sample of its rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from console.schema.cancel import CANCELLED, Cancelled
from console.schema.dialect import quoted
from console.schema.errors import RunCancelled
from console.schema.sample import Reference, Rows, Taken, fill, taken

BUSY_SECONDS = 30.0
INSTRUCTIONS = 1_000_000  # of SQLite's machine, after which it asks whether to go on
MASTER = "SELECT type, name, sql FROM source.sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
ORDER = ("table", "index", "view", "trigger")  # triggers last: they are not to fire


def copy_sample(source: Path, copy: Path, cancelled: Cancelled) -> Taken:
    """Copy a sample of `source` to the new file `copy`; return what was taken. Raises RunCancelled; the
    errors of SQLite pass through."""
    address = (
        f"file:{quote(str(source))}?mode=rw"  # not mode=ro: a journal may have to be rolled back
    )
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as origin:
        (encoding,) = origin.execute("PRAGMA encoding").fetchone()
    into = sqlite3.connect(
        f"file:{quote(str(copy))}", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
    with closing(into), _ended(cancelled):
        into.set_progress_handler(lambda: int(cancelled()), INSTRUCTIONS)
        into.execute(f"PRAGMA encoding = '{encoding}'")
        into.execute("PRAGMA foreign_keys = OFF")
        into.execute("ATTACH ? AS source", (address,))
        into.execute("BEGIN")  # one state of the source
        found = _copy(into)
        into.execute("COMMIT")
    return found


@contextmanager
def _ended(cancelled: Cancelled) -> Iterator[None]:
    """Say of a statement that was stopped why that was."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if cancelled():
            raise RunCancelled(CANCELLED) from error
        raise


def _copy(into: sqlite3.Connection) -> Taken:
    """Everything, the rows before what belongs to their tables."""
    things = into.execute(MASTER).fetchall()
    for kind in ORDER:
        for _, name, sql in (thing for thing in things if thing[0] == kind):
            if not name.startswith("sqlite_") and not _is_there(into, kind, name):
                into.execute(sql)
        if kind == "table":
            tables = [table for _, name, _ in things if (table := _rows(into, name))]
            references = [each for table in tables for each in _references(into, table)]
            fill(
                lambda sql: into.execute(sql).rowcount,
                tables,
                references,
                insert="INSERT OR IGNORE",
                source="source",
            )
            _copy_sequences(into)
    for name in ("user_version", "application_id"):
        (number,) = into.execute(f"PRAGMA source.{name}").fetchone()
        into.execute(f"PRAGMA {name} = {number}")

    def count(sql: str) -> int:
        return int(into.execute(sql).fetchone()[0])

    rows = sum(count(f"SELECT count(*) FROM main.{table.table}") for table in tables)  # noqa: S608 - quoted
    estimates = _estimates(into)
    sources = {_unquoted(t.table): (f"source.{t.table}", estimates.get(t.table)) for t in tables}
    return taken(rows, sources, count, missing=_virtual(into))


def _virtual(into: sqlite3.Connection) -> dict[str, str | None]:
    """The virtual tables, of which nothing is copied; None for one that cannot be read to its end."""
    found = into.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'virtual' ORDER BY name"
    )
    places = {name: f"source.{quoted(name)}" for (name,) in found}
    return {name: place if _is_read(into, place) else None for name, place in places.items()}


def _is_read(into: sqlite3.Connection, place: str) -> bool:
    """Whether a table can be read at all: what a virtual one says is up to a program of its own."""
    try:
        into.execute(f"SELECT 1 FROM {place} LIMIT 1").fetchone()  # noqa: S608 - quoted
    except sqlite3.Error:
        return False
    return True


def _unquoted(name: str) -> str:
    """A name as people write it."""
    return name[1:-1].replace('""', '"')


def _estimates(into: sqlite3.Connection) -> dict[str, int]:
    """How many rows each table has, as the last ANALYZE saw it; nothing where there was none."""
    sql = "SELECT 1 FROM source.sqlite_master WHERE name = 'sqlite_stat1'"
    if into.execute(sql).fetchone() is None:
        return {}
    # The first number is that of the rows in the index; one that is partial has fewer.
    found = into.execute(
        "SELECT tbl, max(CAST(stat AS integer)) FROM source.sqlite_stat1 GROUP BY tbl"
    )
    return {quoted(table): rows for table, rows in found}


def _is_there(into: sqlite3.Connection, kind: str, name: str) -> bool:
    """Whether something came along with another: a virtual table makes tables of its own."""
    sql = "SELECT 1 FROM main.sqlite_master WHERE type = ? AND name = ?"
    return into.execute(sql, (kind, name)).fetchone() is not None


def _rows(into: sqlite3.Connection, name: str) -> Rows | None:
    """A table to be sampled; None for what is not an ordinary table."""
    kinds = into.execute(
        "SELECT type FROM pragma_table_list WHERE schema = 'main' AND name = ?", (name,)
    )
    if name.startswith("sqlite_") or kinds.fetchone() != ("table",):
        return None
    info = into.execute(f"PRAGMA main.table_xinfo({quoted(name)})").fetchall()
    key = sorted((row[5], quoted(row[1])) for row in info if row[5])
    written = tuple(quoted(row[1]) for row in info if row[6] == 0)  # the others are generated
    return Rows(quoted(name), written, tuple(column for _, column in key))


def _references(into: sqlite3.Connection, table: Rows) -> list[Reference]:
    """The foreign keys of a table."""
    found: dict[int, list[tuple[str, str, str | None]]] = {}
    for number, _, parent, ours, theirs, *_ in into.execute(
        f"PRAGMA main.foreign_key_list({table.table})"
    ):
        found.setdefault(number, []).append((parent, ours, theirs))
    references = []
    for columns in found.values():
        parent = _rows(into, columns[0][0])
        theirs = tuple(quoted(column) for _, _, column in columns if column is not None)
        theirs = theirs or (parent.key if parent else ())
        if parent and len(theirs) == len(columns):
            ours = tuple(quoted(column) for _, column, _ in columns)
            references.append(Reference(table.table, ours, parent.table, theirs))
    return references


def _copy_sequences(into: sqlite3.Connection) -> None:
    """What AUTOINCREMENT goes on from."""
    if _is_there(into, "table", "sqlite_sequence"):
        into.execute("DELETE FROM main.sqlite_sequence")
        into.execute("INSERT INTO main.sqlite_sequence SELECT * FROM source.sqlite_sequence")
