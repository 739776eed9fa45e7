"""measure: what a piece of work costs, in CPU seconds of this process and of its children."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """CPU seconds (ours and our children's) and seconds on the wall."""

    cpu: float
    wall: float


def cost_of(work: Callable[[], object]) -> Cost:
    """What one call of `work` costs."""
    before, start = os.times(), time.perf_counter()
    work()
    after, end = os.times(), time.perf_counter()
    cpu = sum(after[:4]) - sum(before[:4])
    return Cost(cpu, end - start)


def median(costs: list[Cost]) -> Cost:
    """The median of each figure by itself."""
    return Cost(
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.wall for cost in costs),
    )


def load() -> str:
    """What the machine was doing: its load and its cores."""
    one, five, _ = os.getloadavg()
    return f"load {one:.1f} now, {five:.1f} over five minutes, on {os.cpu_count()} cores"
