"""execution: what a run that was taken does, and how what it raises is written down."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from console.hazards.hazard import Hazard
from console.hazards.judge import judge
from console.hazards.squawk_program import Squawk
from console.schema.cancel import Cancelled, never
from console.schema.errors import (
    ChildDied,
    ConnectionLost,
    PlanChanged,
    RunCancelled,
    SchemaError,
    Unsupported,
    WrongDatabase,
)
from console.schema.executor import apply, split_of
from console.schema.guard import SPLIT
from console.schema.halfway import halfway_of
from console.schema.history import read_history
from console.schema.inquiry import Inquiry
from console.schema.ledger import Ledger
from console.schema.listing import place
from console.schema.plan import Plan
from console.schema.progress import Progress, silent
from console.schema.rehearsal import Rehearsal, rehearse
from console.schema.target import Target
from console.services import audit
from console.services.acceptance_row import unanswered
from console.services.cancel import CancelWatch
from console.services.decisions import Policy, not_accepted
from console.services.ending import Ending, finish, leave
from console.services.event_writer import EventWriter
from console.services.runs import Run, RunKind, get_run
from console.services.settled import settled_heads
from console.services.stored import UNREADABLE
from console.services.votes import approvers_of
from console.services.wording import title_of
from console.store.review import ReviewRow
from console.store.store import Store

log = logging.getLogger(__name__)
NOT_JUDGED = Hazard(
    code="not-judged",
    severity="error",
    revision="",
    subject="the whole plan",
    danger="This plan could not be searched for dangers, so some may be unseen.",
    reason="A rule failed while it looked at the plan; the log has the details.",
)
UNSURE = (ChildDied, ConnectionLost)
REFUSALS = (PlanChanged, WrongDatabase, Unsupported)


@dataclass(frozen=True)
class Workshop:
    """What executing a run needs: the store, the targets, a folder for clones, and the policy."""

    store: Store
    targets: Mapping[str, Target]
    workspace: Path
    policy: Policy = field(default_factory=Policy)


def execute(
    workshop: Workshop,
    run_id: int,
    runner_id: int,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> None:
    """Execute a run that `runner_id` has taken, and write down how it ended; never raises for
    what migrations do. It ends early where somebody cancels it in the store, or `cancelled` says so."""
    run = get_run(workshop.store, run_id)
    with (
        EventWriter(workshop.store, run_id, progress) as tell,
        CancelWatch(workshop.store, run_id, cancelled) as watch,
    ):
        ending = _end_of(workshop, run, tell, watch)
    if ending is None:
        leave(workshop.store, run_id, runner_id)
    elif not finish(workshop.store, run_id, runner_id, ending):
        log.error("Run %s was taken over by somebody else before it ended.", run_id)


def _end_of(workshop: Workshop, run: Run, tell: EventWriter, cancelled: Cancelled) -> Ending | None:
    target = workshop.targets.get(run.target)
    if target is None:
        return Ending("refused", f"There is no target '{run.target}' here.")
    try:
        if run.kind == "rehearsal":
            return rehearse_plan(target, run.plan, workshop.workspace, tell, cancelled)
        return _apply_reviewed(workshop, run, target, tell, cancelled)
    except Exception as error:  # whatever happens, the run must not stay "running"
        return ending_of(error, target, run.plan, run.kind, tell.transactions)


def rehearse_plan(
    target: Target, plan: Plan, workspace: Path, tell: Progress, cancelled: Cancelled = never
) -> Ending:
    """Rehearse and judge; the core's errors pass through."""
    rehearsal = rehearse(target, plan, workspace=workspace, progress=tell, cancelled=cancelled)
    hazards = _judged(target, plan, rehearsal)
    if not rehearsal.succeeded:
        return Ending("failed", rehearsal.error, rehearsal=rehearsal, hazards=hazards)
    return Ending("succeeded", rehearsal=rehearsal, hazards=hazards)


def _judged(target: Target, plan: Plan, rehearsal: Rehearsal) -> tuple[Hazard, ...]:
    """The hazards of a plan. A rule that breaks must neither hide what was rehearsed nor pass for
    "no hazards": it becomes an error that an approval has to answer."""
    try:
        history, ask = read_history(target), Inquiry(target)
        return judge(target, plan, rehearsal, history, ask=ask, linter=Squawk(target))
    except Exception:
        log.exception("The hazards of a plan for '%s' could not be judged.", target.name)
        return (NOT_JUDGED,)


def apply_plan(
    target: Target,
    plan: Plan,
    rehearsal: Rehearsal | None,
    tell: Progress,
    hazards: tuple[Hazard, ...] = (),
    cancelled: Cancelled = never,
) -> Ending:
    """Apply for real, held against the rehearsal's ledger and against what the database answered when
    its hazards were judged; the core's errors pass through."""
    expected: Ledger | None = rehearsal.ledger if rehearsal else None
    probes = tuple(probe for hazard in hazards for probe in hazard.evidence)
    outcome = apply(
        target, plan, expected=expected, probes=probes, progress=tell, cancelled=cancelled
    )
    return Ending("succeeded", outcome=outcome, heads=outcome.heads)


def ending_of(
    error: Exception,
    target: Target,
    plan: Plan,
    kind: RunKind = "apply",
    begun: Sequence[str] = (),
) -> Ending | None:
    """How a run ends that raised `error`, and whose transactions had `begun`; None while the database
    cannot tell."""
    if isinstance(error, RunCancelled) and kind == "rehearsal":
        return Ending(
            "cancelled", "It ran on a clone, which is gone; the database was not touched."
        )
    if isinstance(error, UNSURE):
        try:
            return _by_the_database(error, target, plan, begun)
        except (SQLAlchemyError, OSError):
            log.warning("Where '%s' stands cannot be read yet.", target.name, exc_info=True)
            return None
    if isinstance(error, SchemaError):
        return Ending("refused" if isinstance(error, REFUSALS) else "failed", str(error))
    log.error("A run ended with an unexpected error.", exc_info=error)
    if isinstance(error, SQLAlchemyError):
        return Ending(
            "failed",
            "The database could not be reached or did not answer; the log has the details.",
        )
    return Ending("failed", f"Unexpected: {type(error).__name__}; the log has the details.")


def _by_the_database(
    error: SchemaError, target: Target, plan: Plan, begun: Sequence[str]
) -> Ending | None:
    """How an apply ended that cannot say so itself, by where the database stands now."""
    if isinstance(error, RunCancelled):
        return _cancelled(target, plan, begun)
    # the executor's sentence may say where the database stands; ours does so too
    cause = error.__cause__
    why = str(cause if isinstance(cause, SchemaError) else error)
    return after_death(target, plan, why, begun)


def _cancelled(target: Target, plan: Plan, begun: Sequence[str]) -> Ending | None:
    """How a cancelled apply ended, by where the database stands now: a cancel may come too late."""
    found = after_death(target, plan, "It was cancelled.", begun)
    if found is None:
        return None
    if found.state == "succeeded":
        return replace(found, note="Its process was ended when everything had been applied.")
    sentence = (found.error or "").removeprefix("It was cancelled. ")
    return replace(found, state="cancelled", error=sentence)


def after_death(target: Target, plan: Plan, why: str, begun: Sequence[str] = ()) -> Ending | None:
    """How an apply ended whose process died, by where the database stands now and what became of the
    transactions that had `begun`.

    None while somebody still holds the database, so that it cannot be told yet.
    """
    heads = settled_heads(target)
    if heads is None:
        return None
    halfway = halfway_of(target)
    if halfway is not None and not halfway.is_clean:
        return Ending("failed", f"{why} {halfway.sentence}")
    if set(heads) == set(plan.end):
        return Ending("succeeded", note=f"Recovered: {why} It had applied everything.", heads=heads)
    if split := split_of(target, plan, begun):
        return Ending("failed", why if SPLIT in why else f"{why} {split}")
    if set(heads) == set(plan.start):
        return Ending("interrupted", f"{why} Nothing was changed; it can be applied again.")
    return Ending(
        "failed",
        f"{why} The database stands at {place(heads)}, which is neither where the "
        "plan begins nor where it ends.",
    )


def _apply_reviewed(
    workshop: Workshop, run: Run, target: Target, tell: Progress, cancelled: Cancelled
) -> Ending:
    """Apply the plan of a review, if it still has the approvals that the policy asks for, and every
    error that its rehearsal found is accepted."""
    rehearsal: Rehearsal | None = None
    hazards: tuple[Hazard, ...] = ()
    if run.rehearsal_id is not None:
        rehearsed = get_run(workshop.store, run.rehearsal_id)
        rehearsal, hazards = rehearsed.rehearsal, rehearsed.hazards
        if not rehearsed.is_readable:
            return Ending("refused", f"{UNREADABLE.format(what='rehearsal')} Rehearse again.")
    with workshop.store.begin() as session:
        if run.review_id is not None:
            review = session.get_one(ReviewRow, run.review_id)
            people = approvers_of(session, review.id, run.digest) - {review.author_id}
            if len(people) < workshop.policy.approvals_required:
                return Ending(
                    "refused",
                    f"The plan has {len(people)} of {workshop.policy.approvals_required} approvals.",
                )
            if open_errors := unanswered(session, review.id, run.digest, hazards):
                return Ending("refused", not_accepted(open_errors))
        audit.record(
            session,
            actor=audit.CONSOLE,
            action="apply.started",
            subject=f"run {run.id}",
            text=f"Run {run.id}, asked for by {run.requested_by}, began to apply "
            f"{title_of(run.plan)} to {run.target}.",
            data={"digest": run.digest},
            review_id=run.review_id,
            run_id=run.id,
        )
    return apply_plan(target, run.plan, rehearsal, tell, hazards, cancelled)
