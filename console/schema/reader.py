"""reader: a process that reads revision files for the one that has started it.

    python -I -S boot.py console.schema.reader < paths

The paths are separated by null bytes and read in the order given, a portion at a time. The answer to
a portion is its length and then, pickled, a `Told` for every file in it that is sound: what is wrong
with the others is for the asking process to find out, with its own settings. Imports are few, since
each of them would have to be loaded while that process reads on.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import struct
import sys
import warnings
from typing import NamedTuple

from console.schema.opened import open_file
from console.schema.revision import Revision
from console.schema.syntax import read_revision

HEADER = struct.Struct("!I")
PORTION = 16  # files: one portion may be read twice, and takes milliseconds
SECONDS = 60  # much longer than anybody waits


class Told(NamedTuple):
    """A file, when it was opened, and what it states."""

    path: str
    at_ns: int
    revision: Revision


def main() -> None:
    """Read the files that stdin names."""
    signal.alarm(SECONDS)  # nobody is left to end us where the asking process was killed
    gc.disable()  # syntax trees hold no cycles
    warnings.simplefilter("error")  # a file that Python warns of is not sound enough
    names = [os.fsdecode(name) for name in sys.stdin.buffer.read().split(b"\0")]
    for start in range(0, len(names), PORTION):
        answer = pickle.dumps(_read(names[start : start + PORTION]), pickle.HIGHEST_PROTOCOL)
        sys.stdout.buffer.write(HEADER.pack(len(answer)) + answer)
        sys.stdout.buffer.flush()


def _read(names: list[str]) -> list[Told]:
    """What the sound ones among these files state."""
    read = [
        Told(name, file.at_ns, read_revision(file.path, file.data))
        for name, file in [(name, open_file(name)) for name in names]
        if not isinstance(file.data, OSError)
    ]
    return [told for told in read if not told.revision.problems]
