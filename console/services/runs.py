"""runs: executions of plans, as the store knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, undefer

from console.hazards.hazard import Hazard
from console.schema.plan import Plan
from console.schema.progress import TRANSACTION
from console.schema.rehearsal import Outcome, Rehearsal
from console.schema.wire import decode
from console.services.errors import NotFound
from console.services.stored import stored
from console.store.run import RunRow
from console.store.run_event import RunEventRow
from console.store.store import Store

RunKind = Literal["rehearsal", "apply"]
RunState = Literal[
    "queued", "running", "succeeded", "failed", "refused", "interrupted", "cancelled"
]
ACTIVE: tuple[str, ...] = ("queued", "running")


@dataclass(frozen=True)
class Run:
    """One run. `error` is a sentence for a run that did not succeed, `note` what else to know of it
    ("recovered after its runner died"); `hazards` were judged with the rehearsal. Unless it
    `is_readable`, another version stored a rehearsal that this one cannot read."""

    id: int
    kind: RunKind
    review_id: int | None
    target: str
    goal: str
    digest: str
    plan: Plan
    state: RunState
    requested_by: str
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    outcome: Outcome | None
    rehearsal: Rehearsal | None
    hazards: tuple[Hazard, ...] = ()
    note: str | None = None
    rehearsal_id: int | None = None
    cancel_asked_by: str | None = None
    is_readable: bool = True

    @property
    def is_cancelling(self) -> bool:
        """Whether somebody asked for its end, and it has not come yet."""
        return self.state == "running" and self.cancel_asked_by is not None

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ACTIVE

    @property
    def milliseconds(self) -> float | None:
        """From start to finish, None before the end."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds() * 1000


@dataclass(frozen=True)
class RunEvent:
    """One line of progress; kind "state" (added by the runner) tells that the run's state changed."""

    id: int
    at: datetime
    kind: str
    revision: str | None
    text: str
    done: int | None
    total: int | None


def get_run(store: Store, run_id: int) -> Run:
    """One run with everything it yielded; NotFound."""
    with store.read() as session:
        return value_of(find(session, run_id))


def list_runs(
    store: Store, *, target: str | None = None, before_id: int | None = None, limit: int = 50
) -> tuple[Run, ...]:
    """The newest runs, newest first; those before `before_id` for the next page.

    They come without their outcome, rehearsal and hazards (see get_run).
    """
    query = select(RunRow).order_by(RunRow.id.desc()).limit(max(1, min(limit, 500)))
    if target is not None:
        query = query.where(RunRow.target == target)
    if before_id is not None:
        query = query.where(RunRow.id < before_id)
    with store.read() as session:
        return tuple(summary_of(row) for row in session.scalars(query))


def events_after(store: Store, run_id: int, after_id: int = 0) -> tuple[RunEvent, ...]:
    """What a run said since the event `after_id`, oldest first; NotFound for an unknown run."""
    query = (
        select(RunEventRow)
        .where(_said_by(run_id), RunEventRow.id > after_id)
        .order_by(RunEventRow.id)
        .limit(1000)
    )
    with store.read() as session:
        if session.get(RunRow, run_id) is None:
            raise NotFound(f"There is no run {run_id}.")
        return tuple(map(_event_of, session.scalars(query)))


def events_before(
    store: Store, run_id: int, before_id: int | None = None, limit: int = 1000
) -> tuple[tuple[RunEvent, ...], int]:
    """The last `limit` things that a run said (before the event `before_id`), oldest first, and how
    many were said before these."""
    mine = _said_by(run_id)
    query = select(RunEventRow).where(mine).order_by(RunEventRow.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(RunEventRow.id < before_id)
    with store.read() as session:
        events = tuple(map(_event_of, session.scalars(query)))[::-1]
        if not events:
            return (), 0
        earlier = select(func.count()).where(mine, RunEventRow.id < events[0].id)
        return events, session.scalar(earlier) or 0


def transactions_of(store: Store, run_id: int) -> tuple[str, ...]:
    """The transactions of the target's database that a run has begun, as the database calls them."""
    mine = select(RunEventRow.text).where(
        RunEventRow.run_id == run_id, RunEventRow.kind == TRANSACTION
    )
    with store.read() as session:
        return tuple(session.scalars(mine.order_by(RunEventRow.id)))


def _said_by(run_id: int) -> ColumnElement[bool]:
    """What a run has said for people."""
    return and_(RunEventRow.run_id == run_id, RunEventRow.kind != TRANSACTION)


def _event_of(row: RunEventRow) -> RunEvent:
    return RunEvent(row.id, row.at, row.kind, row.revision, row.text, row.done, row.total)


def find(session: Session, run_id: int) -> RunRow:
    """The whole row of a run; NotFound."""
    row = session.get(RunRow, run_id, options=[undefer("*")])
    if row is None:
        raise NotFound(f"There is no run {run_id}.")
    return row


def value_of(row: RunRow) -> Run:
    """The value of a whole row. A rehearsal whose findings cannot be read is none: it would pass for
    one without dangers."""
    rehearsal = stored(Rehearsal, row.rehearsal)
    hazards = [stored(Hazard, item) for item in (row.hazards or {}).get("hazards", ())]
    found = tuple(hazard for hazard in hazards if hazard is not None)
    is_readable = (rehearsal is not None or not row.rehearsal) and len(found) == len(hazards)
    return _value(
        row,
        outcome=stored(Outcome, row.outcome),
        rehearsal=rehearsal if is_readable else None,
        hazards=found if is_readable else (),
        is_readable=is_readable,
    )


def summary_of(row: RunRow) -> Run:
    """The value of a row without the large things."""
    return _value(row, outcome=None, rehearsal=None, hazards=())


def _value(row: RunRow, **large: Any) -> Run:
    return Run(
        id=row.id,
        kind=cast(RunKind, row.kind),
        review_id=row.review_id,
        target=row.target,
        goal=row.goal,
        digest=row.digest,
        plan=decode(Plan, row.plan),
        state=cast(RunState, row.state),
        requested_by=row.requested_by,
        queued_at=row.queued_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        error=row.error,
        note=row.note,
        rehearsal_id=row.rehearsal_id,
        cancel_asked_by=row.cancel_asked_by,
        **large,
    )
