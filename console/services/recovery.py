"""recovery: brings runs to an end whose runner died."""

from __future__ import annotations

import logging
from dataclasses import replace

from sqlalchemy import select, true, update
from sqlalchemy.exc import SQLAlchemyError

from console.services.ending import Ending, finish
from console.services.execution import Workshop, after_death
from console.services.presence import is_dead
from console.services.queue import rows_met, say
from console.services.runs import Run, get_run, transactions_of
from console.store.run import RunRow
from console.store.runner import RunnerRow
from console.store.store import Store

log = logging.getLogger(__name__)
MOST_ATTEMPTS = 3
WHY = "The worker died while it worked on this."


def recover(workshop: Workshop, target: str | None = None) -> tuple[int, ...]:
    """Look after every run of a dead runner, or those of one `target`; returns the runs that were.

    A rehearsal waits for another try (three at most). An apply ended where its database stands: at
    the end it succeeded, at the start nothing was changed. While somebody still holds that database
    the run is left for the next look.
    """
    return tuple(
        run_id
        for run_id, runner_id in _orphans(workshop.store, target)
        if _recover(workshop, get_run(workshop.store, run_id), runner_id)
    )


def hanging(store: Store, target: str | None = None) -> tuple[int, ...]:
    """Return the runs whose runner died, or those of one `target`; nothing is changed."""
    return tuple(run_id for run_id, _ in _orphans(store, target))


def _orphans(store: Store, target: str | None = None) -> list[tuple[int, int | None]]:
    of_target = RunRow.target == target if target is not None else true()
    with store.read() as session:
        running = session.execute(
            select(RunRow, RunnerRow)
            .outerjoin(RunnerRow, RunnerRow.id == RunRow.runner_id)
            .where(RunRow.state == "running", of_target)
            .order_by(RunRow.id)
        )
        return [(run.id, run.runner_id) for run, runner in running if is_dead(runner, run)]


def _recover(workshop: Workshop, run: Run, runner_id: int | None) -> bool:
    if run.kind == "rehearsal" and run.is_cancelling:
        return finish(workshop.store, run.id, runner_id, Ending("cancelled", WHY))
    if run.kind == "rehearsal":
        return _queue_again(workshop.store, run, runner_id)
    target = workshop.targets.get(run.target)
    if target is None:
        return False  # another runner may know it
    try:
        ending = after_death(target, run.plan, WHY, transactions_of(workshop.store, run.id))
    except (SQLAlchemyError, OSError):
        log.warning("Where '%s' stands cannot be read; run %s is left.", run.target, run.id)
        return False
    if ending is not None and ending.state == "interrupted" and run.is_cancelling:
        ending = replace(ending, state="cancelled")
    return ending is not None and finish(workshop.store, run.id, runner_id, ending)


def _queue_again(store: Store, run: Run, runner_id: int | None) -> bool:
    with store.begin() as session:
        mine = update(RunRow).where(
            RunRow.id == run.id,
            RunRow.state == "running",
            RunRow.runner_id == runner_id,
            RunRow.attempts < MOST_ATTEMPTS,
        )
        if rows_met(session, mine.values(state="queued", runner_id=None, lease_until=None)):
            say(session, run.id, f"{WHY} It waits for another try.")
            return True
    return finish(
        store, run.id, runner_id, Ending("failed", f"{WHY} That happened {MOST_ATTEMPTS} times.")
    )
