"""reviews: opening, discussing, deciding and applying plans."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from console.schema.plan import Plan, make_plan
from console.schema.target import Target
from console.schema.wire import encode
from console.services import audit
from console.services.acceptance_row import end_acceptances
from console.services.acceptances import accept_finding, take_back
from console.services.account import Account
from console.services.cancel import cancel_run
from console.services.decisions import (
    Decision,
    Policy,
    may_accept,
    may_apply,
    may_approve,
    may_cancel,
    may_close,
    may_comment,
    may_refuse,
    may_rehearse,
    may_renew,
    may_take_back,
)
from console.services.errors import Conflict, Invalid, Refused
from console.services.permissions import require
from console.services.queue import cancel_waiting, enqueue
from console.services.requests import request_apply, request_rehearsal
from console.services.review import (
    UNDER_WAY,
    Acceptance,
    Approval,
    Comment,
    Review,
    ReviewState,
    ReviewSummary,
)
from console.services.review_list import count_reviews, list_reviews
from console.services.review_row import find, find_unchanged, get_review
from console.services.targets import find_target
from console.services.votes import approve, refuse
from console.services.wording import count_of, title_of
from console.store.approval import ApprovalRow
from console.store.comment import CommentRow
from console.store.review import ReviewRow
from console.store.run import RunRow
from console.store.store import Store
from console.store.times import now

__all__ = [
    "UNDER_WAY",
    "Acceptance",
    "Approval",
    "Comment",
    "Decision",
    "Policy",
    "Review",
    "ReviewState",
    "ReviewSummary",
    "accept_finding",
    "add_comment",
    "approve",
    "cancel_run",
    "close",
    "count_reviews",
    "get_review",
    "list_reviews",
    "may_accept",
    "may_apply",
    "may_approve",
    "may_cancel",
    "may_close",
    "may_comment",
    "may_refuse",
    "may_rehearse",
    "may_renew",
    "may_take_back",
    "open_review",
    "refuse",
    "renew",
    "request_apply",
    "request_rehearsal",
    "take_back",
]

Targets = Mapping[str, Target]
LONGEST_TEXT = 20_000


def open_review(
    store: Store,
    targets: Targets,
    actor: Account,
    *,
    target: str,
    goal: str,
    title: str = "",
    description: str = "",
) -> Review:
    """Put the plan from where `target` stands to `goal` before people, and queue its rehearsal.

    Without a title it is called after its steps. Forbidden; NotFound for an unknown target;
    Conflict naming the review that has this very plan; SchemaError where there is no such plan.
    """
    require(actor, "open-review")
    title = _short(" ".join(title.split()), "title", 200)
    description = _short(description.strip(), "description", LONGEST_TEXT)
    goal = _short(goal.strip(), "goal", 250)
    plan = make_plan(find_target(targets, target), goal)
    row = ReviewRow(
        title=title or title_of(plan),
        description=description,
        target=plan.target,
        goal=plan.goal,
        author_id=actor.id,
        state="open",
    )
    _put(row, plan)
    try:
        with store.begin() as session:
            _refuse_second_review(session, plan.digest)
            session.add(row)
            session.flush()
            run = _queue_rehearsal(session, row, plan, actor)
            audit.record(
                session,
                actor=actor,
                action="review.opened",
                subject=f"review {row.id}",
                text=f"{actor.name} opened review {row.id}: {row.title} "
                f"({count_of(len(plan.steps), 'step')} on {plan.target}).",
                data={"digest": plan.digest, "steps": [step.revision for step in plan.steps]},
                review_id=row.id,
                run_id=run.id,
            )
    except IntegrityError:
        raise Conflict("Another review is open for this very plan.") from None
    return get_review(store, targets, row.id)


def add_comment(
    store: Store, targets: Targets, actor: Account, review_id: int, *, text: str
) -> Review:
    """Add to the discussion; Forbidden, NotFound, Invalid("text") for an empty or endless one."""
    require(actor, "comment")
    text = _short(text.strip(), "text", LONGEST_TEXT)
    if not text:
        raise Invalid("text", "Write something first.")
    with store.begin() as session:
        row = find(session, review_id)
        session.add(CommentRow(review_id=row.id, account_id=actor.id, text=text))
        audit.record(
            session,
            actor=actor,
            action="review.commented",
            subject=f"review {row.id}",
            text=f"{actor.name} commented on review {row.id}: {row.title}.",
            review_id=row.id,
        )
    return get_review(store, targets, review_id)


def renew(store: Store, targets: Targets, actor: Account, review_id: int) -> Review:
    """Make the plan again as of now, void every vote and acceptance, and queue a new rehearsal.

    Forbidden; Refused as `may_renew` says; Conflict where another review has the new plan.
    """
    require(actor, "open-review")
    review = get_review(store, targets, review_id)
    decision = may_renew(review, actor)
    if not decision:
        raise Refused(decision.reason)
    plan = make_plan(find_target(targets, review.target), review.goal)
    try:
        with store.begin() as session:
            row = find_unchanged(session, review)
            _refuse_second_review(session, plan.digest, but=row.id)
            cancel_waiting(session, row.id)
            _void_votes(session, row.id)
            end_acceptances(session, row.id)
            _put(row, plan)
            row.state = "open"
            row.renewed_by_id = None if actor.id == row.author_id else actor.id
            run = _queue_rehearsal(session, row, plan, actor)
            audit.record(
                session,
                actor=actor,
                action="review.renewed",
                subject=f"review {row.id}",
                text=f"{actor.name} renewed review {row.id}: {row.title}.",
                data={"digest": plan.digest, "changes": list(review.changes)},
                review_id=row.id,
                run_id=run.id,
            )
    except IntegrityError:
        raise Conflict("Another review is open for this very plan.") from None
    return get_review(store, targets, review_id)


def close(store: Store, targets: Targets, actor: Account, review_id: int) -> Review:
    """Close the review without applying it; Forbidden, Refused as `may_close` says."""
    require(actor, "open-review")
    review = get_review(store, targets, review_id)
    decision = may_close(review, actor)
    if not decision:
        raise Refused(decision.reason)
    with store.begin() as session:
        row = find_unchanged(session, review)
        row.state, row.open_digest = "closed", None
        cancel_waiting(session, row.id)
        audit.record(
            session,
            actor=actor,
            action="review.closed",
            subject=f"review {row.id}",
            text=f"{actor.name} closed review {row.id} without applying it: {row.title}.",
            review_id=row.id,
        )
    return get_review(store, targets, review_id)


def _put(row: ReviewRow, plan: Plan) -> None:
    """Make `plan` the one that the review is about."""
    row.plan = encode(plan)
    row.digest = row.open_digest = plan.digest
    row.direction = plan.direction


def _queue_rehearsal(session: Session, row: ReviewRow, plan: Plan, actor: Account) -> RunRow:
    return enqueue(
        session,
        kind="rehearsal",
        plan=plan,
        requested_by=actor.name,
        requested_by_id=actor.id,
        review_id=row.id,
    )


def _refuse_second_review(session: Session, digest: str, but: int | None = None) -> None:
    """Raise Conflict, naming it, where another review is open for the same plan."""
    other = session.scalar(select(ReviewRow).where(ReviewRow.open_digest == digest))
    if other is not None and other.id != but:
        raise Conflict(
            f"Review {other.id} ({other.title}) is open for this very plan.", review_id=other.id
        )


def _void_votes(session: Session, review_id: int) -> None:
    votes = select(ApprovalRow).where(
        ApprovalRow.review_id == review_id, ApprovalRow.voided_at.is_(None)
    )
    for vote in session.scalars(votes):
        vote.voided_at = now()


def _short(text: str, field: str, limit: int) -> str:
    if len(text) > limit:
        raise Invalid(field, f"Use at most {limit:,} characters.")
    return text
