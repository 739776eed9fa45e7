"""queue: putting runs into the store, and taking each of them exactly once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Update, select, update
from sqlalchemy.orm import Session

from console.schema.plan import Plan
from console.schema.wire import encode
from console.services.errors import Conflict
from console.services.runs import ACTIVE, RunKind
from console.store.run import RunRow
from console.store.run_event import RunEventRow
from console.store.store import Store
from console.store.times import now

LEASE = timedelta(seconds=30)


def enqueue(
    session: Session,
    *,
    kind: RunKind,
    plan: Plan,
    requested_by: str,
    requested_by_id: int | None = None,
    review_id: int | None = None,
    rehearsal_id: int | None = None,
    text: str = "The run waits for the worker.",
) -> RunRow:
    """Add a queued run; Conflict while another apply has the target."""
    if kind == "apply":
        refuse_second_apply(session, plan.target)
    row = RunRow(
        kind=kind,
        review_id=review_id,
        rehearsal_id=rehearsal_id,
        target=plan.target,
        goal=plan.goal,
        digest=plan.digest,
        plan=encode(plan),
        state="queued",
        active_target=plan.target if kind == "apply" else None,
        requested_by=requested_by[:120],
        requested_by_id=requested_by_id,
        attempts=0,
    )
    session.add(row)
    session.flush()
    say(session, row.id, text)
    return row


def refuse_second_apply(session: Session, target: str) -> None:
    """Raise Conflict, naming the run, while an apply has the target.

    The unique column `active_target` refuses what slips in between on databases that let it.
    """
    other = session.scalar(select(RunRow.id).where(RunRow.active_target == target))
    if other is not None:
        raise busy(target, other)


def busy(target: str, other: int | None = None) -> Conflict:
    """The refusal of a second apply."""
    name = f"Run {other}" if other is not None else "Another run"
    return Conflict(
        f"{name} is being applied to '{target}'. Wait until it has finished.", run_id=other
    )


def claim(store: Store, runner_id: int, run_id: int | None = None) -> int | None:
    """Take the run `run_id`, or else the one that waits longest, applies first; None if there is none.

    However many ask at once, one gets it.
    """
    waiting = select(RunRow.id).where(RunRow.state == "queued").order_by(RunRow.kind, RunRow.id)
    if run_id is not None:
        waiting = waiting.where(RunRow.id == run_id)
    while True:
        with store.read() as session:
            found = session.scalar(waiting.limit(1))
        if found is None:
            return None
        with store.begin() as session:
            moment = now()
            taken = rows_met(
                session,
                update(RunRow)
                .where(RunRow.id == found, RunRow.state == "queued")
                .values(
                    state="running",
                    runner_id=runner_id,
                    started_at=moment,
                    lease_until=moment + LEASE,
                    attempts=RunRow.attempts + 1,
                ),
            )
            if taken:
                say(session, found, "The run began.")
                return found


def cancel_waiting(session: Session, review_id: int) -> None:
    """Cancel the rehearsals of a review that nobody has begun."""
    rows_met(
        session,
        update(RunRow)
        .where(RunRow.review_id == review_id, RunRow.kind == "rehearsal", RunRow.state == "queued")
        .values(state="cancelled", finished_at=now()),
    )


def active_targets(session: Session) -> frozenset[str]:
    """The targets that an apply has now."""
    query = select(RunRow.target).where(RunRow.kind == "apply", RunRow.state.in_(ACTIVE))
    return frozenset(session.scalars(query))


def say(session: Session, run_id: int, text: str, kind: str = "state") -> None:
    """Add a line of our own to a run's events."""
    session.add(RunEventRow(run_id=run_id, kind=kind, text=text))


def rows_met(session: Session, statement: Update) -> int:
    """Execute an update and return how many rows it met."""
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
