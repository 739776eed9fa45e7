"""sqlite_clone: copies of an SQLite database, by its backup interface: the source stays online."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import URL

from console.schema.copy import Copied
from console.schema.errors import Unsupported
from console.schema.sample import Sample
from console.schema.size import size_in_words
from console.schema.sqlite_sample import copy_sample
from console.schema.target import sqlite_file

BUSY_SECONDS = 30.0
ALL_PAGES = -1  # in one step: between two, a writer would make SQLite begin again


def copy(url: URL, file: Path, limit: int) -> Copied:
    """Copy one consistent state of the database of `url` to `file`, a sample of it if it has more
    than `limit` bytes. A database that does not exist yet gives an empty copy. Raises Unsupported, and
    the errors of SQLite and of the file system."""
    source, sample = sqlite_file(url), None
    size = source.stat().st_size if source is not None and source.is_file() else 0
    if source is not None and size > limit:
        sample = Sample(copy_sample(source, file), size, limit)
        how = f"SQLite copy of {sample.words} out of {size_in_words(size)}"
    else:
        _back_up(source, file)
        how = f"SQLite backup of {size_in_words(file.stat().st_size)}"
    return Copied(url.set(database=str(file), query={}), how, sample=sample)


def _back_up(source: Path | None, copy: Path) -> None:
    if source is None:
        raise Unsupported(
            "A database in memory cannot be copied or migrated by another process. Use a file."
        )
    with closing(sqlite3.connect(copy)) as into:
        if source.is_file():
            # Not mode=ro: after a crash the source's journal has to be rolled back first.
            address = f"file:{quote(str(source))}?mode=rw"
            with closing(sqlite3.connect(address, uri=True, timeout=0.1)) as origin:
                origin.backup(into, pages=ALL_PAGES, progress=_patience(), sleep=0.05)
        # The copy is thrown away: it need not survive a power cut.
        into.execute("PRAGMA journal_mode = DELETE")


def _patience() -> Callable[[int, int, int], None]:
    """Return a progress function that gives up when the copy stands still: Python's own backup()
    would wait for a locked source for ever."""
    moved = time.monotonic()

    def watch(status: int, remaining: int, total: int) -> None:
        nonlocal moved
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            if time.monotonic() - moved > BUSY_SECONDS:
                raise sqlite3.OperationalError(f"it was locked for {BUSY_SECONDS:g} seconds")
        else:
            moved = time.monotonic()

    return watch
