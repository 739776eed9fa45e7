"""sqlite_clone: copies of an SQLite database, by its backup interface: the source stays online."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import URL

from console.schema.cancel import CANCELLED, Cancelled
from console.schema.copy import Copied
from console.schema.errors import RunCancelled, Unsupported
from console.schema.sample import Sample
from console.schema.size import size_in_words
from console.schema.sqlite_sample import copy_sample
from console.schema.target import sqlite_file

BUSY_SECONDS = 30.0
PAGES = 2000  # copied at a time: the end may be asked for between two


def copy(url: URL, file: Path, limit: int, cancelled: Cancelled) -> Copied:
    """Copy one consistent state of the database of `url` to `file`, a sample of it if it has more
    than `limit` bytes. A database that does not exist yet gives an empty copy. Raises Unsupported,
    RunCancelled, and the errors of SQLite and of the file system."""
    source = sqlite_file(url)
    sample: Sample | None = None
    size = _size(source, cancelled) if source is not None and source.is_file() else 0
    if source is not None and size > limit:
        sample = copy_sample(source, file, cancelled).of(size, limit)
        how = f"SQLite copy of {sample.words} out of {size_in_words(size)}"
    else:
        _back_up(source, file, cancelled)
        how = f"SQLite backup of {size_in_words(file.stat().st_size)}"
    return Copied(url.set(database=str(file), query={}), how, sample=sample)


def _back_up(source: Path | None, copy: Path, cancelled: Cancelled) -> None:
    if source is None:
        raise Unsupported(
            "A database in memory cannot be copied or migrated by another process. Use a file."
        )
    look = partial(_look, cancelled)
    with closing(sqlite3.connect(copy)) as into:
        if source.is_file():
            with _held(source, look) as origin:
                origin.backup(into, pages=PAGES, progress=look)
        # The copy is thrown away: it need not survive a power cut.
        into.execute("PRAGMA journal_mode = DELETE")


def _size(source: Path, cancelled: Cancelled) -> int:
    """How many bytes a database has to whoever reads it: what was written last may lie in its log (WAL)
    beside the file, and that log be longer than what it adds."""
    with _held(source, partial(_look, cancelled)) as origin:
        (pages,) = origin.execute("PRAGMA page_count").fetchone()
        (each,) = origin.execute("PRAGMA page_size").fetchone()
    return int(pages) * int(each)


def _look(cancelled: Cancelled, *_: int) -> None:
    if cancelled():
        raise RunCancelled(CANCELLED)


@contextmanager
def _held(source: Path, look: Callable[[], None]) -> Iterator[sqlite3.Connection]:
    """A connection that reads one state of a database."""
    # Not mode=ro: after a crash the source's journal has to be rolled back first.
    address = f"file:{quote(str(source))}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=0.1, isolation_level=None)) as origin:
        _hold(origin, look)
        yield origin


def _hold(origin: sqlite3.Connection, look: Callable[[], None]) -> None:
    """Begin to read: from here on the copy is of one state, and a writer between two portions does not
    make SQLite begin again. Waits while somebody has the file for themselves."""
    begun = time.monotonic()
    while True:
        look()
        try:
            origin.execute("BEGIN")
            origin.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            if time.monotonic() - begun > BUSY_SECONDS:
                text = f"it was locked for {BUSY_SECONDS:g} seconds"
                raise sqlite3.OperationalError(text) from error
            origin.execute("ROLLBACK")
        else:
            return
