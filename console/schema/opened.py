"""opened: a file as it was found when it was opened."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple


class Opened(NamedTuple):
    """A file, when it was opened, and its bytes or why it could not be read."""

    path: Path
    at_ns: int
    data: bytes | OSError


def open_file(name: str) -> Opened:
    """Return the file as it is now; never raises for what the file system says of it."""
    path, at_ns = Path(name), time.time_ns()
    try:
        with path.open("rb", buffering=0) as file:
            return Opened(path, at_ns, file.read())
    except OSError as error:
        return Opened(path, at_ns, error)
