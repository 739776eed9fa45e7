"""migrate: apply a plan at once, for the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from console.schema.cancel import Cancelled, never
from console.schema.plan import Plan, make_plan
from console.schema.progress import Progress, silent
from console.schema.rehearsal import Outcome
from console.schema.target import Target
from console.services import audit
from console.services.cancel import CancelWatch
from console.services.ending import Ending, finish, leave
from console.services.errors import Conflict, Refused
from console.services.event_writer import EventWriter
from console.services.execution import after_death, apply_plan, ending_of, rehearse_plan
from console.services.presence import Presence
from console.services.queue import LEASE, busy, enqueue
from console.services.targets import find_target
from console.services.wording import title_of
from console.store.store import Store
from console.store.times import now


def migrate_now(
    store: Store,
    targets: Mapping[str, Target],
    *,
    target: str,
    goal: str,
    actor_name: str,
    workspace: Path,
    progress: Progress = silent,
    rehearse: bool = True,
    cancelled: Cancelled = never,
    digest: str = "",
    mandate: str = "without a review",
    completes: int | None = None,
) -> Outcome:
    """Plan, rehearse (unless told not to) and apply without a review, as a run of its own, which ends
    early where `cancelled` says so, or somebody cancels it in the store. With `digest` only the plan
    that has it; `mandate` tells the audit trail on whose word, and `completes` is the review whose plan
    this is the rest of: it is applied where this succeeds.

    NothingToDo and other SchemaErrors where there is no plan; Conflict while another apply has the
    target, or where the plan is another; Refused where the rehearsal fails; the executor's RunError
    where the apply does.
    """
    managed = find_target(targets, target)
    plan = make_plan(managed, goal)
    if digest and plan.digest != digest:
        raise Conflict("What would run is not what was looked at a moment ago. Look again.")
    with Presence(store, "command") as presence:
        run_id = _begin(store, plan, actor_name, presence.id, mandate, completes)
        events = EventWriter(store, run_id, progress)
        try:
            with (
                events as tell,
                CancelWatch(store, run_id, cancelled) as watch,
            ):
                ending = _work(managed, plan, workspace, tell, watch, rehearse)
        except BaseException as error:
            end = _ending_of(error, managed, plan, events.transactions)
            if end is None:
                leave(store, run_id, presence.id)
            else:
                finish(store, run_id, presence.id, end)
            raise
        finish(store, run_id, presence.id, ending)
    assert ending.outcome is not None
    return ending.outcome


def _work(
    target: Target,
    plan: Plan,
    workspace: Path,
    tell: Progress,
    cancelled: Cancelled,
    rehearse: bool,
) -> Ending:
    rehearsed = rehearse_plan(target, plan, workspace, tell, cancelled) if rehearse else None
    if rehearsed and rehearsed.state != "succeeded":
        raise RehearsalFailed(rehearsed)
    if rehearsed is None:
        return apply_plan(target, plan, None, tell, cancelled=cancelled)
    ending = apply_plan(target, plan, rehearsed.rehearsal, tell, rehearsed.hazards, cancelled)
    return replace(ending, rehearsal=rehearsed.rehearsal, hazards=rehearsed.hazards)


class RehearsalFailed(Refused):
    """The rehearsal before a migration failed, so nothing was applied."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        super().__init__(f"The rehearsal failed, so nothing was applied: {ending.error}")


def _ending_of(
    error: BaseException, target: Target, plan: Plan, begun: Sequence[str]
) -> Ending | None:
    if isinstance(error, RehearsalFailed):
        return replace(error.ending, state="refused", error=error.reason)
    if isinstance(error, Exception):
        return ending_of(error, target, plan, begun=begun)
    stopped = "It was stopped."  # Ctrl-C: the child is gone by now
    return after_death(target, plan, stopped, begun) or Ending("interrupted", stopped)


def _begin(
    store: Store,
    plan: Plan,
    actor_name: str,
    runner_id: int,
    mandate: str,
    review_id: int | None,
) -> int:
    """Add a run that this process has taken from the start; Conflict while the target is taken."""
    try:
        with store.begin() as session:
            row = enqueue(
                session,
                kind="apply",
                plan=plan,
                requested_by=actor_name,
                review_id=review_id,
                text="The run began.",
            )
            row.state, row.runner_id, row.attempts = "running", runner_id, 1
            row.started_at = now()
            row.lease_until = row.started_at + LEASE
            audit.record(
                session,
                actor=actor_name,
                action="apply.started",
                subject=f"run {row.id}",
                text=f"{actor_name} began to apply {title_of(plan)} to {plan.target} {mandate}.",
                data={"digest": plan.digest, "steps": [step.revision for step in plan.steps]},
                review_id=review_id,
                run_id=row.id,
            )
            return row.id
    except IntegrityError:
        raise busy(plan.target) from None
