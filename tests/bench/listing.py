"""listing: a history of 5,000 revisions, read for the first time and again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from console.schema.history import read_history
from tests.bench.line import Line
from tests.bench.measure import cost_of, median
from tests.histories.place import Place
from tests.histories.script_folder import Sample

REVISIONS, ROUNDS = 5_000, 7


def measure(folder: Path) -> Iterator[Line]:
    """Cold: every file opened and parsed. Warm: every file looked at, none opened."""
    samples = [
        Sample(f"r{n:05}", (f"r{n - 1:05}",) if n else (), message=f"Step {n}")
        for n in range(REVISIONS)
    ]
    place = Place(folder, samples)
    yield Line("files", f"{REVISIONS:,} revisions listed, cold", cost_of(lambda: _cold(place)))
    warm = median([cost_of(lambda: read_history(place.target)) for _ in range(ROUNDS)])
    yield Line("files", f"{REVISIONS:,} revisions listed, warm", warm)


def _cold(place: Place) -> None:
    read_history(place.target, anew=True)
