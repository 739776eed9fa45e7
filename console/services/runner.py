"""runner: the process that executes runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from console.schema.cancel import Cancelled, never
from console.schema.clone import SCRATCH, remove_orphans
from console.schema.errors import SchemaError
from console.schema.progress import Progress, silent
from console.schema.target import Target
from console.services.comparing import compare
from console.services.decisions import Policy
from console.services.drift import claim_drift, recover_drift
from console.services.errors import Conflict
from console.services.execution import Workshop, execute
from console.services.presence import Presence, birth_of, this_host
from console.services.queue import claim
from console.services.recovery import recover
from console.services.runs import Run, get_run
from console.services.standing import note_standing
from console.store.runner import RunnerRow
from console.store.store import Store
from console.store.times import now

log = logging.getLogger(__name__)
ALIVE = timedelta(seconds=10)
IDLE_SECONDS = 0.3
LOOK_AROUND_SECONDS = 5.0


@dataclass(frozen=True)
class RunnerStatus:
    """Whether a runner waits for runs; `seen_at` is its last sign of life, None if there never was."""

    is_alive: bool
    seen_at: datetime | None


def runner_status(store: Store) -> RunnerStatus:
    """Whether a runner was seen within ten seconds and has not said good-bye since."""
    newest = (
        select(RunnerRow)
        .where(RunnerRow.kind == "worker")
        .order_by(RunnerRow.stopped_at.is_(None).desc(), RunnerRow.seen_at.desc())
        .limit(1)
    )
    with store.read() as session:
        row = session.scalar(newest)
    if row is None:
        return RunnerStatus(False, None)
    is_alive = row.stopped_at is None and now() - row.seen_at < ALIVE
    if is_alive and row.host == this_host():
        is_alive = birth_of(row.pid) is not None
    return RunnerStatus(is_alive, row.seen_at)


class Runner:
    """Executes queued runs, one at a time, each in child processes of its own.

    Several may work on one store. `workspace` is the folder for clones.
    """

    def __init__(
        self,
        store: Store,
        targets: Mapping[str, Target],
        workspace: Path,
        policy: Policy | None = None,
    ) -> None:
        self.workshop = Workshop(store, targets, workspace, policy or Policy())

    def work(self, stop: threading.Event, once: bool = False) -> int:
        """Recover what dead runners left, then execute runs until `stop` is set; with `once` until
        none waits. A run that has begun is finished first. Returns how many were executed.
        """
        executed = 0
        with Presence(self.workshop.store, "worker") as presence:
            looked = self._look_around()
            while not stop.is_set():
                run_id = self._claim(presence.id)
                if run_id is not None:
                    log.info("Run %s begins.", run_id)
                    execute(self.workshop, run_id, presence.id)
                    executed += 1
                    continue
                if self._compare(presence.id):
                    continue
                if once:
                    break
                if time.monotonic() - looked > LOOK_AROUND_SECONDS:
                    looked = self._look_around()
                stop.wait(IDLE_SECONDS)
        return executed

    def _claim(self, runner_id: int) -> int | None:
        try:
            return claim(self.workshop.store, runner_id)
        except SQLAlchemyError:  # a store that is away for a moment must not end the runner
            log.warning("The store could not be asked for runs.", exc_info=True)
            return None

    def _compare(self, runner_id: int) -> bool:
        """Make a comparison that waits; runs go first. False if there was none."""
        try:
            found = claim_drift(self.workshop.store, runner_id)
            if found is not None:
                number, name = found
                log.info("'%s' is compared with its models and its history.", name)
                compare(self.workshop.store, self.workshop.targets, number, name, runner_id)
        except SQLAlchemyError:
            log.warning("The store could not be asked for comparisons.", exc_info=True)
            return False
        return found is not None

    def _look_around(self) -> float:
        """Recover, and notice what happened outside; returns when that was."""
        self._clear_away()
        try:
            recover_drift(self.workshop.store)
            for run_id in recover(self.workshop):
                log.warning("Run %s was recovered: its worker had died.", run_id)
            for sentence in note_standing(self.workshop.store, self.workshop.targets):
                log.warning(sentence)
        except SQLAlchemyError:
            log.warning("The store could not be looked through.", exc_info=True)
        return time.monotonic()

    def _clear_away(self) -> None:
        """Remove the copies whose makers were killed, of every database that answers."""
        for target in self.workshop.targets.values():
            for folder in (self.workshop.workspace, SCRATCH):
                try:
                    remove_orphans(folder, target)
                except (SQLAlchemyError, SchemaError, OSError) as error:
                    log.warning("A copy of '%s' could not be removed: %s", target.name, error)


def run_now(
    store: Store,
    targets: Mapping[str, Target],
    run_id: int,
    progress: Progress = silent,
    *,
    workspace: Path,
    policy: Policy | None = None,
    cancelled: Cancelled = never,
) -> Run:
    """Execute one queued run in this process and return it as it ended, early where `cancelled` says
    so; NotFound, Conflict where it does not wait any more."""
    get_run(store, run_id)
    workshop = Workshop(store, targets, workspace, policy or Policy())
    with Presence(store, "command") as presence:
        if claim(store, presence.id, run_id) is None:
            raise Conflict(f"Run {run_id} does not wait any more.", run_id=run_id)
        execute(workshop, run_id, presence.id, progress, cancelled)
    return get_run(store, run_id)
