"""clone: a throwaway copy of a target's database, gone again whatever happens."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from console.schema.connection import sqlite_file
from console.schema.dialect import dialect_of
from console.schema.errors import RunError, Unsupported
from console.schema.target import Target

PREFIX = "console-clone-"
BUSY_SECONDS = 30.0
ALL_PAGES = -1  # in one step: between two, a writer would make SQLite begin again


@dataclass(frozen=True)
class Clone:
    """A copy: the target with its URL on the copy, how it was made in words, and milliseconds."""

    target: Target
    how: str
    milliseconds: float


@contextmanager
def clone_of(target: Target, workspace: Path) -> Iterator[Clone]:
    """Copy the target's database into a folder of its own below `workspace`; remove it at the end.

    The source stays online (SQLite's backup interface reads one consistent state). A database that
    does not exist yet gives an empty copy. Raises RunError if it cannot be copied (locked, no space
    left), and Unsupported for other databases.
    """
    dialect_of(target)
    with _folder(target, workspace) as folder:
        begun = time.perf_counter()
        file = folder / "clone.sqlite"
        try:
            _back_up(sqlite_file(target.parsed_url), file)
        except (sqlite3.Error, OSError) as error:
            raise RunError(
                f"'{target.name}' could not be copied to {workspace}: {error}."
            ) from error
        spent = (time.perf_counter() - begun) * 1000
        url = target.parsed_url.set(database=str(file), query={})
        copied = replace(target, url=url.render_as_string(hide_password=False))
        yield Clone(copied, f"SQLite backup of {size_in_words(file.stat().st_size)}", spent)


@contextmanager
def scratch_of(target: Target) -> Iterator[Target]:
    """Yield the target with its URL on an empty database, gone at the end."""
    dialect_of(target)
    with tempfile.TemporaryDirectory(prefix="console-scratch-", ignore_cleanup_errors=True) as name:
        url = target.parsed_url.set(database=str(Path(name) / "scratch.sqlite"), query={})
        yield replace(target, url=url.render_as_string(hide_password=False))


def remove_orphans(workspace: Path) -> tuple[str, ...]:
    """Remove the clones that killed processes left below `workspace`; return their names.

    A living owner holds a lock on its clone's folder, which the system frees when it dies.
    """
    if not workspace.is_dir():
        return ()
    removed = []
    for folder in sorted(workspace.glob(f"{PREFIX}*")):
        if folder.is_dir() and _is_orphan(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder.name)
    return tuple(removed)


@contextmanager
def _folder(target: Target, workspace: Path) -> Iterator[Path]:
    """A locked folder below the workspace for as long as the clone lives."""
    workspace.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{target.key}-", dir=workspace))
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _is_orphan(folder: Path) -> bool:
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(handle)


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


def size_in_words(size: int) -> str:
    """Return bytes as people write them: "48 kB"."""
    number = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1024 or unit == "GB":
            break
        number /= 1024
    return f"{number:,.0f} {unit}" if number >= 10 or unit == "bytes" else f"{number:.1f} {unit}"
