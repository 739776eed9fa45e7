"""moment: random points of a run, spread over its real length as it was measured."""

from __future__ import annotations

import random
import statistics
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from console.schema.progress import Event

START_SHARE = 0.04  # of the moments lie before the first sign of the migration: in its start-up


@dataclass(frozen=True)
class Moment:
    """So many seconds after the event `number` of a run (the first is 1; 0 is its beginning)."""

    number: int
    delay: float


@dataclass(frozen=True)
class Timeline:
    """A run as it was measured: seconds from its beginning to each event, and to its end."""

    events: tuple[float, ...]
    end: float

    @property
    def gaps(self) -> list[float]:
        """Seconds from the beginning and from each event to what comes next."""
        points = (0.0, *self.events, self.end)
        return [max(then - now, 0.001) for now, then in pairwise(points)]

    def pick(self, chance: random.Random) -> Moment:
        """A random moment: half of them spread evenly over the seconds of the migration, half over
        its statements, since those that change the schema are quick and matter most."""
        gaps = self.gaps
        if chance.random() < START_SHARE:
            return Moment(0, chance.random() * gaps[0])
        numbers = range(1, len(gaps))
        weights = gaps[1:] if chance.random() < 0.5 else None
        (number,) = chance.choices(numbers, weights)
        return Moment(number, chance.random() * gaps[number] * 1.1)


def median(timelines: Sequence[Timeline]) -> Timeline:
    """The timeline in the middle of several, event by event."""
    events = zip(*(timeline.events for timeline in timelines), strict=False)
    middle = tuple(statistics.median(times) for times in events)
    return Timeline(middle, statistics.median(timeline.end for timeline in timelines))


class Striker:
    """A progress callback that strikes once, at its moment."""

    def __init__(self, moment: Moment, strike: Callable[[], object]) -> None:
        self.moment, self.strike = moment, strike
        self.seen = 0
        if not moment.number:
            self._arm()

    def __call__(self, event: Event) -> None:
        self.seen += 1
        if self.seen == self.moment.number:
            self._arm()

    def _arm(self) -> None:
        timer = threading.Timer(self.moment.delay, self.strike)
        timer.daemon = True
        timer.start()
