"""attempt: one apply by the console's own path, in a worker of its own that may be struck down."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from console.schema.plan import Plan
from console.schema.progress import Event, Progress
from console.services.queue import enqueue
from console.services.runner import Runner, run_now
from console.services.runs import Run, get_run
from console.store.store import Store
from console.store.upgrade import upgrade_store
from tests.bench.forks import fork, wait
from tests.bench.moment import Moment, Striker, Timeline
from tests.bench.nearby import Nearby
from tests.histories.place import Place

Strike = Callable[[], object]
PATIENCE = 60.0  # seconds in which the next worker must have told how a run ended


@dataclass(frozen=True)
class Told:
    """What was heard of a worker: its exit code (None: it hung), the kinds of the events that it
    passed on, and when, in seconds from its beginning."""

    code: int | None
    kinds: tuple[str, ...]
    timeline: Timeline

    @property
    def where(self) -> str:
        """How far it came."""
        if "finished" in self.kinds:
            return "after"
        return "inside" if "step-started" in self.kinds else "before"


class Desk:
    """A store, and a target that is applied to again and again through it."""

    def __init__(self, folder: Path, place: Place) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.place, self.workspace = place, folder / "workspace"
        self.store = Store(f"sqlite:///{folder / 'console.db'}")
        self.targets = {place.target.name: place.target}
        upgrade_store(self.store)

    def ask(self, plan: Plan) -> int:
        """Queue an apply; the run's id."""
        with self.store.begin() as session:
            return enqueue(session, kind="apply", plan=plan, requested_by="the bench").id

    def work(
        self,
        run_id: int,
        moment: Moment | None = None,
        strike: Strike | None = None,
        *,
        whole: bool = False,
    ) -> Told:
        """Have a worker of its own execute a queued run, and hear how far it came."""
        pid, reading, begun = self.begin(run_id, moment, strike, whole=whole)
        return hear(pid, reading, begun)

    def begin(
        self, run_id: int, moment: Moment | None, strike: Strike | None, *, whole: bool = False
    ) -> tuple[int, int, float]:
        """Start that worker: its process, a pipe of what it tells, and when it began. With `whole`
        its migration begins with a new interpreter."""
        reading, writing = os.pipe()

        def work() -> None:
            if not whole:
                Nearby().install()
            striker = Striker(moment, strike) if moment and strike else None
            store = Store(self.store.url)
            run_now(store, self.targets, run_id, teller(writing, striker), workspace=self.workspace)

        self.store.close()  # no connection may be shared with another process
        begun = time.monotonic()
        pid = fork(work)
        os.close(writing)
        return pid, reading, begun

    def settle(self, run_id: int) -> Run:
        """What the next worker makes of a run that was struck: it looks until the run has ended."""
        deadline = time.monotonic() + PATIENCE
        while True:
            run = get_run(self.store, run_id)
            if not run.is_active or time.monotonic() > deadline:
                return run
            Runner(self.store, self.targets, self.workspace).work(threading.Event(), once=True)


def teller(descriptor: int, also: Progress | None) -> Progress:
    """A progress callback that writes a line a event."""

    def tell(event: Event) -> None:
        os.write(descriptor, f"{event.kind} {time.monotonic()}\n".encode())
        if also is not None:
            also(event)

    return tell


def hear(pid: int, reading: int, begun: float) -> Told:
    """Wait for a worker and read what it told."""
    code = wait(pid)
    end = time.monotonic() - begun
    with os.fdopen(reading) as stream:
        lines = [line.split() for line in stream.read().splitlines()]
    times = tuple(float(line[1]) - begun for line in lines)
    return Told(code, tuple(line[0] for line in lines), Timeline(times, max(end, *times, 0.0)))
