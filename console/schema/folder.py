"""folder: the revision files of a target, read once and again only where they changed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from hashlib import sha256
from operator import attrgetter
from stat import S_ISREG
from typing import NamedTuple

from console.schema.opened import Opened, open_file
from console.schema.reader import PORTION
from console.schema.readers import reading_beside
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

    def is_settled(self, at_ns: int) -> bool:
        """Whether at this time the file was too old to change without its stamp changing."""
        return at_ns - self.mtime_ns > RACY_NS and at_ns - self.ctime_ns > RACY_NS


class Entry(NamedTuple):
    """A file as it was read: its stamp, when, and what it states."""

    stamp: Stamp
    read_at_ns: int
    revision: Revision

    def is_still(self, stamp: Stamp) -> bool:
        """Whether the file need not be opened again to know what it states."""
        return self.stamp == stamp and stamp.is_settled(self.read_at_ns)


def list_stamps(target: Target) -> tuple[Stamp, ...]:
    """Return the stamps of every file that Alembic would load, in the order in which it would:
    by location, then by folder (only with `recursive_version_locations`), then by name."""
    locations = dict.fromkeys(str(location.absolute()) for location in target.version_locations)
    if len(locations) == 1:
        return tuple(_walk(next(iter(locations)), target.recursive_version_locations))
    stamps: dict[str, Stamp] = {}
    for location in locations:
        for stamp in _walk(location, target.recursive_version_locations):
            stamps.setdefault(stamp.path, stamp)
    return tuple(stamps.values())


def _walk(folder: str, recursive: bool) -> Iterator[Stamp]:
    """Yield the revision files of one folder, then of those in it."""
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        # By the open folder, since the system would look up the whole path again for every file.
        with os.scandir(opened) as found:
            entries = sorted(found, key=attrgetter("name"))
        start = os.path.join(folder, "")  # noqa: PTH118 - what a path keeps is no beginning
        for entry in entries:
            stamp = _stamp(entry, start + entry.name) if is_revision_file(entry.name) else None
            if stamp is not None:
                yield stamp
        if recursive:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False) and not entry.name.endswith("__pycache__"):
                    yield from _walk(start + entry.name, recursive)
    finally:
        os.close(opened)


def _stamp(entry: os.DirEntry[str], path: str) -> Stamp | None:
    """The stamp of a file; an empty one where the system tells nothing, as of a link that leads nowhere
    or to itself: Alembic would try to load it. None for a folder, and for what has gone since its folder
    was listed."""
    try:
        status = entry.stat()
    except OSError as error:
        is_gone = isinstance(error, FileNotFoundError) and not os.path.lexists(path)
        return None if is_gone else Stamp(path, 0, 0, 0, 0)
    if not S_ISREG(status.st_mode):
        return None
    return Stamp(path, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


def is_revision_file(name: str) -> bool:
    """Whether Alembic would load a file of this name."""
    return name.endswith(".py") and not name.startswith((".#", "__init__"))


def read_files(
    stamps: tuple[Stamp, ...], known: Mapping[str, Entry], *, anew: bool = False
) -> dict[str, Entry]:
    """Return what each file states, by path and in the order given.

    `known` is what an earlier reading returned: a file whose stamp is the same and was settled then
    is not opened (unless `anew`), one whose bytes are the same is not parsed.
    """
    entries = {
        stamp.path: entry
        for stamp in stamps
        for entry in (known.get(stamp.path),)
        if entry is not None and not anew and entry.is_still(stamp)
    }
    left = [stamp for stamp in stamps if stamp.path not in entries]
    with reading_beside([stamp.path for stamp in left if stamp.path not in known]) as readers:
        for start in range(0, len(left), PORTION):
            told = readers.listen()
            here = [s for s in left[start : start + PORTION] if s.path not in told]
            for stamp, file in [(stamp, open_file(stamp.path)) for stamp in here]:
                entries[stamp.path] = _read(stamp, file, known.get(stamp.path))
        for stamp in left:
            if stamp.path not in entries:
                entries[stamp.path] = Entry(stamp, *readers.told[stamp.path][1:])
    return {stamp.path: entries[stamp.path] for stamp in stamps}


def _read(stamp: Stamp, file: Opened, known: Entry | None) -> Entry:
    """What a file states."""
    path, data = file.path, file.data
    if isinstance(data, OSError):
        reason = data.strerror or str(data)
        problem = Problem("unreadable", f"It cannot be read: {reason}.", stamp.path)
        broken = Revision(path.stem, (), path, "", "", problems=(problem,), is_broken=True)
        return Entry(stamp, 0, broken)
    if known is not None and known.revision.sha256 == sha256(data).hexdigest():
        return Entry(stamp, file.at_ns, known.revision)
    return Entry(stamp, file.at_ns, read_revision(path, data))
