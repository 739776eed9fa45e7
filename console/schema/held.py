"""held: folders that belong to a process and are known to be nobody's once it is dead.

Whoever has made a folder holds a lock on it, which the system frees when the process ends, however it does.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.schema.errors import RunError


@contextmanager
def held_folder(place: Path, prefix: str) -> Iterator[Path]:
    """Make a folder in `place` and hold it during the block, which has to remove it. Raises RunError where
    nothing can be written."""
    while True:
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        except OSError as error:
            raise RunError(
                f"Nothing can be written to {place}, where copies are made: {error.strerror}. "
                "Make it a folder that the console may write to, with room in it."
            ) from error
        with _lock(folder) as is_ours:
            if not is_ours:  # it was taken for an orphan before it had its lock
                continue
            yield folder
            return


def orphaned(place: Path, prefix: str) -> Iterator[Path]:
    """Yield the folders whose processes are dead; nobody else has the one that is at hand."""
    for folder in sorted(place.glob(f"{prefix}*")) if place.is_dir() else []:
        with _lock(folder, fcntl.LOCK_NB) as is_orphan:
            if is_orphan:
                yield folder


@contextmanager
def _lock(folder: Path, flags: int = 0) -> Iterator[bool]:
    """Hold the lock of a folder; False where it is gone or a link, or with LOCK_NB where
    somebody else holds it."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    try:
        yield _is_locked(handle, folder, flags)
    finally:
        os.close(handle)


def _is_locked(handle: int, folder: Path, flags: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | flags)
        return os.path.samestat(os.fstat(handle), folder.stat())
    except OSError:
        return False
