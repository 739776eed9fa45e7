"""measure: what a piece of work costs, in CPU seconds of this process and of its children."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.processes import descendants_of


@dataclass(frozen=True)
class Cost:
    """CPU seconds (ours, and those of every process that we have started: servers of our own are
    among them) and seconds on the wall."""

    cpu: float
    wall: float


def cost_of(work: Callable[[], object]) -> Cost:
    """What one call of `work` costs."""
    others, ours, start = of_descendants(), of_this(), time.perf_counter()
    work()
    end, ours_then = time.perf_counter(), of_this()
    return Cost(ours_then - ours + of_descendants() - others, end - start)


def of_this() -> float:
    """CPU seconds of this process and of those that it has waited for."""
    return sum(os.times()[:4])


def of_descendants() -> float:
    """CPU seconds of the processes that this one has started, of theirs, and so on."""
    ticks = 0
    for pid in descendants_of(os.getpid()):
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))  # its own, and those that it has waited for
    return ticks / os.sysconf("SC_CLK_TCK")


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
