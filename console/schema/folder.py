"""folder: the revision files of a target, read once and again only where they changed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from console.schema.revision import Problem, Revision
from console.schema.syntax import read_revision
from console.schema.target import Target

RACY_NS = 2_000_000_000  # a file this young may change again within one tick of its clock


class Stamp(NamedTuple):
    """What the file system says of a file without opening it."""

    path: str
    mtime_ns: int
    ctime_ns: int
    size: int
    inode: int


class Entry(NamedTuple):
    """A file as it was read: its stamp, when, and what it states."""

    stamp: Stamp
    read_at_ns: int
    revision: Revision

    def still_holds(self, stamp: Stamp) -> bool:
        """Whether a file with this stamp is certainly the one that was read: one that had only
        just been written is read again."""
        return stamp == self.stamp and self.read_at_ns - max(stamp[1], stamp[2]) > RACY_NS


_entries: dict[str, Entry] = {}
_lock = Lock()


def list_stamps(target: Target) -> tuple[Stamp, ...]:
    """Return the stamps of every file that Alembic would load, in the order in which it would:
    by location, then by folder (only with `recursive_version_locations`), then by name."""
    stamps: dict[str, Stamp] = {}
    for location in target.version_locations:
        for stamp in _walk(str(location.absolute()), target.recursive_version_locations):
            stamps.setdefault(stamp.path, stamp)
    return tuple(stamps.values())


def _walk(folder: str, recursive: bool) -> Iterator[Stamp]:
    """Yield the revision files of one folder, then of those in it."""
    try:
        with os.scandir(folder) as found:
            entries = {entry.name: entry for entry in found}
    except OSError:
        return
    for name in sorted(entries):
        # Two cheap tests first: this loop is what listing a large, unchanged folder costs.
        if name[-3:] == ".py" and is_revision_file(name) and entries[name].is_file():
            status = entries[name].stat()
            yield Stamp(
                entries[name].path,
                status.st_mtime_ns,
                status.st_ctime_ns,
                status.st_size,
                status.st_ino,
            )
    if recursive:
        for name in sorted(entries):
            entry = entries[name]
            if entry.is_dir(follow_symlinks=False) and not name.endswith("__pycache__"):
                yield from _walk(entry.path, recursive)


def is_revision_file(name: str) -> bool:
    """Whether Alembic would load a file of this name."""
    return name.endswith(".py") and not name.startswith((".#", "__init__"))


def read_files(stamps: tuple[Stamp, ...]) -> tuple[Revision, ...]:
    """Return what each file states. A file whose stamp is known is not opened; one whose bytes are
    known is not parsed."""
    return tuple(_read(stamp) for stamp in stamps)


def is_settled(stamps: tuple[Stamp, ...], now_ns: int) -> bool:
    """Whether none of the files is so young that it could change without its stamp changing."""
    return all(now_ns - max(stamp[1], stamp[2]) > RACY_NS for stamp in stamps)


def forget(paths: frozenset[str]) -> None:
    """Read these files anew next time, whatever their stamps say."""
    with _lock:
        for path in paths:
            _entries.pop(path, None)


def _read(stamp: Stamp) -> Revision:
    """Return what one file states, from memory if it certainly is the same."""
    known = _entries.get(stamp.path)
    if known is not None and known.still_holds(stamp):
        return known.revision
    path = Path(stamp.path)
    read_at = time.time_ns()
    try:
        data = path.read_bytes()
    except OSError as error:
        problem = Problem(
            "unreadable", f"It cannot be read: {error.strerror or error}.", stamp.path
        )
        return Revision(path.stem, (), path, "", "", problems=(problem,), is_broken=True)
    if known is not None and known.revision.sha256 == sha256(data).hexdigest():
        revision = known.revision
    else:
        revision = read_revision(path, data)
    with _lock:
        _entries[stamp.path] = Entry(stamp, read_at, revision)
    return revision
