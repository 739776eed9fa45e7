"""readers: processes that read files from the end of a list while this one reads from its beginning.

Python's parser takes most of the time that a large history takes, and runs on one core at a time in
one process. Nobody ever waits for a reader: what it has not told, for whatever reason, is read here.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields

from console.schema.forked import BOOT
from console.schema.reader import HEADER, PORTION, Told
from console.schema.revision import Revision

FILES = 1_000  # to be read, before one more process is worth its start
MOST = 3  # processes
PIPE_BYTES = 1 << 16
FIELDS = {field.name for field in fields(Revision)}


class Reader:
    """One process, with its list."""

    def __init__(self, paths: Sequence[str]) -> None:
        """Start it; raises OSError where that cannot be done."""
        with tempfile.TemporaryFile() as listed:
            listed.write(b"\0".join(map(os.fsencode, paths)))
            listed.seek(0)
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [str(sys.executable), "-I", "-S", "-B", BOOT, "console.schema.reader"],
                stdin=listed,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        assert self.process.stdout is not None
        self.pipe = self.process.stdout.fileno()
        os.set_blocking(self.pipe, False)
        self.said = b""

    def listen(self) -> list[Told]:
        """What it has told since it was asked last; never waits. Raises whatever it may be that a
        process gives rise to which is none of ours."""
        with suppress(BlockingIOError):
            self.said += os.read(self.pipe, PIPE_BYTES)
        found: list[Told] = []
        while len(self.said) >= HEADER.size:
            end = HEADER.size + HEADER.unpack_from(self.said)[0]
            if len(self.said) < end:
                break
            found += pickle.loads(self.said[HEADER.size : end])  # noqa: S301 - our own process
            self.said = self.said[end:]
        # The code on the disk may be newer than what runs here.
        if any(vars(told.revision).keys() != FIELDS for told in found):
            raise ValueError("Its revisions are not like ours.")
        return found

    def close(self) -> None:
        """End it and leave nothing of it behind."""
        with self.process:  # which then closes the pipe and waits
            self.process.kill()


class Readers:
    """All of them, and what they have told."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.told: dict[str, Told] = {}
        self.running: list[Reader] = []
        number = min(_cores() - 1, len(paths) // FILES, MOST)
        portions = [paths[max(end - PORTION, 0) : end] for end in range(len(paths), 0, -PORTION)]
        with suppress(OSError):
            for first in range(number):
                mine = portions[first::number]
                self.running.append(Reader([path for portion in mine for path in portion]))

    def listen(self) -> dict[str, Told]:
        """Return, by path, what they have told so far; never waits."""
        for reader in [*self.running]:
            try:
                self.told.update((told.path, told) for told in reader.listen())
            except Exception:  # what is no pickle of ours may raise anything
                self.running.remove(reader)
                reader.close()
        return self.told

    def close(self) -> None:
        """End them."""
        for reader in self.running:
            reader.close()


@contextmanager
def reading_beside(paths: Sequence[str]) -> Iterator[Readers]:
    """Have other processes read these files, the last ones first: none where they are few or where
    there is no core for it. They are ended when the block is."""
    readers = Readers(paths)
    try:
        yield readers
    finally:
        readers.close()


def _cores() -> int:
    """The processor cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
