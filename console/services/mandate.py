"""mandate: whether a review approved the very bytes that would finish what was interrupted."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from console.schema.plan import MOVED_BY_RUNS, Plan, Step
from console.schema.wire import decode
from console.services.acceptance_row import unanswered
from console.services.decisions import Policy
from console.services.runs import get_run
from console.services.votes import approvers_of
from console.store.review import ReviewRow
from console.store.run import RunRow
from console.store.store import Store

STOPPED = ("failed", "interrupted", "cancelled")
LATEST = 20  # runs that are looked through


@dataclass(frozen=True)
class Mandate:
    """The review that approved it, or the `reason` why there is none, as the end of a sentence;
    `completes` where nothing of the review's plan is left after it."""

    review_id: int | None = None
    reason: str = ""
    completes: bool = False


def mandate_for(store: Store, plan: Plan, policy: Policy) -> Mandate:
    """Tell whether `plan`, which finishes a revision that was begun, was approved: whether a review
    had it applied in a plan whose approvals still stand, and its files are byte for byte the same.

    Where the database stands, and its schema, are others by now: that is what the run has done.
    """
    query = (
        select(RunRow.id, RunRow.review_id, RunRow.rehearsal_id)
        .where(
            RunRow.kind == "apply",
            RunRow.target == plan.target,
            RunRow.review_id.is_not(None),
            RunRow.state.in_(STOPPED),
            RunRow.started_at.is_not(None),
        )
        .order_by(RunRow.id.desc())
        .limit(LATEST)
    )
    reason = "no review approved what would run"
    with store.read() as session:
        runs = session.execute(query).all()
    for run_id, review_id, rehearsal_id in runs:
        assert review_id is not None
        with store.read() as session:
            begun = decode(Plan, session.get_one(RunRow, run_id).plan)
        if not _holds(begun, plan.steps):
            continue
        if changed := _changed(begun, plan):
            reason = f"{', '.join(changed)} changed since review {review_id} was applied"
            continue
        rehearsed = get_run(store, rehearsal_id) if rehearsal_id is not None else None
        if rehearsed is not None and not rehearsed.is_readable:
            reason = f"the rehearsal of review {review_id} cannot be read any more"
            continue
        with store.read() as session:
            hazards = rehearsed.hazards if rehearsed is not None else ()
            if unanswered(session, review_id, begun.digest, hazards):
                reason = f"an error in review {review_id} is not accepted any more"
                continue
            if _is_approved(session, review_id, begun.digest, policy):
                return Mandate(review_id, completes=set(begun.end) == set(plan.end))
        reason = f"the approval of review {review_id} does not stand any more"
    return Mandate(None, reason)


def _is_approved(session: Session, review_id: int, digest: str, policy: Policy) -> bool:
    review = session.get_one(ReviewRow, review_id)
    people = approvers_of(session, review_id, digest) - {review.author_id}
    return review.state == "approved" and len(people) >= policy.approvals_required


def _holds(begun: Plan, steps: tuple[Step, ...]) -> bool:
    """Whether a plan had these revisions in this direction, on this database."""
    had = {(step.revision, step.direction) for step in begun.steps}
    return all((step.revision, step.direction) in had for step in steps)


def _changed(begun: Plan, plan: Plan) -> tuple[str, ...]:
    """What decides what runs and is not as it was; the database is one of these things."""
    then = _decisive(begun)
    return tuple(name for name, sha256 in _decisive(plan).items() if then.get(name) != sha256)


def _decisive(plan: Plan) -> dict[str, str]:
    return {i.name: i.sha256 for i in plan.ingredients if i.name not in MOVED_BY_RUNS}
