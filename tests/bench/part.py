"""part: what can be measured by rounds, each under its name."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.bench.families import Families, Plain
from tests.bench.ground import NAMES, Ground
from tests.bench.kills import Kills, KillServer
from tests.bench.outsiders import Crowd, Outsiders
from tests.bench.round import Round
from tests.bench.silent import Harmless, Silent
from tests.bench.stall import PlainStall, Stall


class Play(Protocol):
    """A part that has been set up on a ground, in a folder of its own."""

    def play(self, chance: random.Random) -> Round:
        """Play one round; all that is random in it comes from `chance`."""

    def close(self) -> None:
        """Leave nothing behind."""


@dataclass(frozen=True)
class Part:
    """`share` is the number of rounds for each of N; `wrong` the word for what may not be."""

    name: str
    what: str
    wrong: str
    share: float
    play: Callable[[Ground, Path], Play]
    databases: tuple[str, ...] = NAMES
    jobs: int = 2

    def rounds(self, number: int) -> int:
        """How many rounds `make faults N=number` plays."""
        return max(1, round(number * self.share))


PARTS = (
    Part("kill", "kill -9 of the migration, or of the worker", "in doubt", 1, Kills),
    Part("kill-server", "kill -9 of the database server", "in doubt", 0.1, KillServer),
    Part("outsiders", "two outside upgrades against a run", "corrupt", 0.2, Outsiders),
    Part("crowd", "fifty runs at once", "corrupt or twice", 0.2, Crowd, jobs=1),
    Part("silent", "silent damage in a revision", "not reported", 0.4, Silent),
    Part("harmless", "its control: no damage", "reported", 0.1, Harmless),
    Part("families", "parents rebuilt by batch mode", "with rows lost", 0.2, Families, ("sqlite",)),
    Part("families-plain", "its control: plain Alembic", "", 0.2, Plain, ("sqlite",)),
    Part("stall", "readers of a table that is altered", "stalled", 0.02, Stall, ("postgresql",), 1),
    Part("stall-plain", "its control: plain Alembic", "", 0.01, PlainStall, ("postgresql",), 1),
)
