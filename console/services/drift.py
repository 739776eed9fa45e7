"""drift: comparisons of models, database and history, asked for in the browser and made by the worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import undefer

from console.schema.drift import Drift
from console.schema.target import Target
from console.services import audit
from console.services.account import Account
from console.services.errors import Conflict, Refused
from console.services.permissions import require
from console.services.presence import is_gone
from console.services.queue import rows_met
from console.services.stored import stored
from console.services.targets import find_target
from console.store.drift import DriftRow
from console.store.runner import RunnerRow
from console.store.store import Store
from console.store.times import now

DriftState = Literal["queued", "running", "done", "failed", "cancelled"]
Finding = Literal["clean", "drift", "unknown"]
ACTIVE: tuple[str, ...] = ("queued", "running")
MOST_ATTEMPTS = 3


@dataclass(frozen=True)
class DriftCheck:
    """One comparison. `progress` says what it does now, `error` why it failed; `is_clean` and `drift`
    are what it found, `drift` only where it was asked for (see latest_drift). `cancelled_by` asked
    for its end, or ended it."""

    id: int
    target: str
    state: DriftState
    requested_by: str
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: str
    error: str | None
    is_clean: bool | None
    cancelled_by: str | None
    drift: Drift | None = None

    @property
    def finding(self) -> Finding:
        """What it found where it is done: "unknown" where nothing disagrees that could be compared, and
        not everything could be."""
        if self.is_clean:
            return "clean"
        return "drift" if self.drift is None or self.drift.is_there else "unknown"

    @property
    def is_active(self) -> bool:
        """Whether it waits or goes on."""
        return self.state in ACTIVE

    @property
    def is_cancelling(self) -> bool:
        """Whether somebody has asked for its end, and it has not come yet."""
        return self.is_active and self.cancelled_by is not None


def request_drift(
    store: Store, targets: Mapping[str, Target], actor: Account, target: str
) -> DriftCheck:
    """Ask the worker for a comparison; Forbidden, NotFound, Conflict while one is asked for."""
    require(actor, "rehearse")
    name = find_target(targets, target).name
    row = DriftRow(
        target=name,
        active_target=name,
        state="queued",
        requested_by=actor.name[:120],
        attempts=0,
        progress="",
    )
    try:
        with store.begin() as session:
            session.add(row)
            session.flush()
            audit.record(
                session,
                actor=actor,
                action="drift.requested",
                subject=name,
                text=f"{actor.name} asked to compare models, database and history of {name}.",
            )
    except IntegrityError:
        raise Conflict(f"'{name}' is being compared already.") from None
    return _value(row, None)


def cancel_drift(
    store: Store, targets: Mapping[str, Target], actor: Account, target: str
) -> DriftCheck:
    """Cancel the comparison of a target: one that waits ends at once, of one that has begun the end is
    asked for, and the worker ends it within about a second.

    Forbidden, NotFound; Refused where none goes on, or it is being cancelled already.
    """
    require(actor, "rehearse")
    name = find_target(targets, target).name
    asked = {"cancel_asked_at": now(), "cancel_asked_by": actor.name[:120]}
    mine = update(DriftRow).where(
        DriftRow.active_target == name, DriftRow.cancel_asked_at.is_(None)
    )
    ended = {"state": "cancelled", "active_target": None, "finished_at": now()}
    with store.begin() as session:
        if rows_met(session, mine.where(DriftRow.state == "queued").values(**asked, **ended)):
            action, did = "drift.cancelled", "cancelled"
        elif rows_met(session, mine.where(DriftRow.state == "running").values(**asked)):
            action, did = "drift.cancel-asked", "asked to cancel"
        else:
            row = session.scalar(_newest(name))
            raise Refused(why_not_cancelled(_value(row, None) if row else None))
        text = f"{actor.name} {did} the comparison of models, database and history of {name}."
        audit.record(session, actor=actor, action=action, subject=name, text=text)
        session.flush()
        return _value(session.scalars(_newest(name)).one(), None)


def why_not_cancelled(newest: DriftCheck | None) -> str:
    """Why the newest comparison of a target cannot be cancelled; "" where it can."""
    if newest is None or not newest.is_active:
        return "No comparison goes on that could be cancelled."
    if newest.is_cancelling:
        return f"{newest.cancelled_by} has cancelled it; it is about to end."
    return ""


def _newest(target: str) -> Select[DriftRow]:
    """The comparison of a target that was asked for last."""
    return select(DriftRow).where(DriftRow.target == target).order_by(DriftRow.id.desc()).limit(1)


def latest_drift(store: Store, target: str) -> tuple[DriftCheck | None, DriftCheck | None]:
    """The newest comparison of a target, and the newest one that has ended, with what it found."""
    query = _newest(target)
    ended = query.where(DriftRow.state == "done").options(undefer(DriftRow.drift))
    with store.read() as session:
        newest, done = session.scalar(query), session.scalar(ended)
        found = stored(Drift, done.drift) if done is not None else None
        return (
            _value(newest, None) if newest is not None else None,
            _value(done, found) if done is not None else None,
        )


def claim_drift(store: Store, runner_id: int) -> tuple[int, str] | None:
    """Take the comparison that waits longest: its id and its target; None if there is none."""
    waiting = select(DriftRow).where(DriftRow.state == "queued").order_by(DriftRow.id).limit(1)
    while True:
        with store.read() as session:
            found = session.scalar(waiting)
        if found is None:
            return None
        with store.begin() as session:
            mine = update(DriftRow).where(DriftRow.id == found.id, DriftRow.state == "queued")
            values = {"state": "running", "runner_id": runner_id, "started_at": now()}
            if rows_met(session, mine.values(attempts=DriftRow.attempts + 1, **values)):
                return found.id, found.target


def recover_drift(store: Store) -> None:
    """Let comparisons whose runner died wait for another try, three times at most."""
    query = (
        select(DriftRow, RunnerRow)
        .outerjoin(RunnerRow, RunnerRow.id == DriftRow.runner_id)
        .where(DriftRow.state == "running")
    )
    with store.read() as session:
        left = [row for row, runner in session.execute(query) if is_gone(runner)]
    for row in left:
        values: dict[str, object] = {"state": "queued", "runner_id": None, "progress": ""}
        if row.cancel_asked_at is not None:
            values = {"state": "cancelled", "active_target": None, "finished_at": now()}
        elif row.attempts >= MOST_ATTEMPTS:
            values = {
                "state": "failed",
                "active_target": None,
                "finished_at": now(),
                "error": f"The worker died while it compared, {MOST_ATTEMPTS} times.",
            }
        with store.begin() as session:
            rows_met(
                session,
                update(DriftRow)
                .where(
                    DriftRow.id == row.id,
                    DriftRow.state == "running",
                    DriftRow.runner_id == row.runner_id,
                )
                .values(**values),
            )


def _value(row: DriftRow, drift: Drift | None) -> DriftCheck:
    return DriftCheck(
        id=row.id,
        target=row.target,
        state=cast(DriftState, row.state),
        requested_by=row.requested_by,
        queued_at=row.queued_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        progress=row.progress,
        error=row.error,
        is_clean=row.is_clean,
        cancelled_by=row.cancel_asked_by,
        drift=drift,
    )
