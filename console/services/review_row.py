"""review_row: reviews out of the store, and held against what would run now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, undefer

from console.schema.errors import NothingToDo, SchemaError
from console.schema.history import read_history
from console.schema.plan import Plan, make_plan
from console.schema.target import Target
from console.schema.wire import decode
from console.services.acceptance_row import acceptances_of
from console.services.account import value_of
from console.services.errors import Conflict, NotFound
from console.services.permissions import allows_account
from console.services.review import Approval, Comment, Review, ReviewState, Vote
from console.services.runs import Run
from console.services.runs import value_of as run_of
from console.store.approval import ApprovalRow
from console.store.comment import CommentRow
from console.store.review import ReviewRow
from console.store.run import RunRow
from console.store.store import Store

OPEN: tuple[ReviewState, ...] = ("open", "approved", "refused")
MOVED = (
    "The database stands where this plan would take it already; it was brought there without this "
    "review. Close the review."
)


@dataclass(frozen=True)
class Replanned:
    """The plan as of now, or why there is none; `is_certain` unless the database was not reached."""

    plan: Plan | None
    error: str | None = None
    is_certain: bool = True


def load(store: Store, review_id: int) -> Review:
    """The review as it was last written; NotFound."""
    with store.read() as session:
        row = find(session, review_id)
        approvals = _approvals(session, row)
        comments = session.scalars(
            select(CommentRow).where(CommentRow.review_id == review_id).order_by(CommentRow.id)
        )
        rehearsals = _runs(session, row, "rehearsal")
        applies = _runs(session, row, "apply")
        finished = next((run for run in rehearsals if run.rehearsal is not None), None)
        return Review(
            id=row.id,
            title=row.title,
            description=row.description,
            target=row.target,
            goal=row.goal,
            direction=row.direction,
            plan=decode(Plan, row.plan),
            state=cast(ReviewState, row.state),
            author=value_of(row.author),
            created_at=row.created_at,
            approvals=approvals,
            comments=tuple(
                Comment(item.id, value_of(item.account), item.text, item.created_at)
                for item in comments
            ),
            rehearsal_run=rehearsals[0] if rehearsals else None,
            rehearsal=finished.rehearsal if finished else None,
            hazards=finished.hazards if finished else (),
            acceptances=acceptances_of(session, row),
            apply_run=applies[0] if applies else None,
            renewed_by=value_of(row.renewed_by) if row.renewed_by else None,
        )


def get_review(store: Store, targets: Mapping[str, Target], review_id: int) -> Review:
    """One review as it stands now, its plan made again and compared; NotFound."""
    return held_against_now(load(store, review_id), targets)


def find(session: Session, review_id: int, *, lock: bool = False) -> ReviewRow:
    """The row of a review, kept from others until the transaction ends with `lock`; NotFound."""
    row = session.get(ReviewRow, review_id, with_for_update={"of": ReviewRow} if lock else None)
    if row is None:
        raise NotFound(f"There is no review {review_id}.")
    return row


def find_unchanged(session: Session, review: Review) -> ReviewRow:
    """The row of `review`, locked; Conflict where it is not as it was when it was loaded."""
    row = find(session, review.id, lock=True)
    if row.digest != review.plan.digest or (row.state in OPEN) != (review.state in OPEN):
        raise Conflict("Somebody else changed this review in the meantime. Look at it again.")
    return row


def held_against_now(review: Review, targets: Mapping[str, Target]) -> Review:
    """The same review with its plan made again: `changes`, `plan_error` and void approvals.

    A review that can no longer be applied is left as it is.
    """
    if review.state not in OPEN:
        return review
    review = _without_those_who_left(review)
    found = replan(review, targets)
    changes = found.plan.changes_since(review.plan) if found.plan else ()
    if found.plan and found.plan.digest != review.plan.digest and not changes:
        changes = ("the plan changed",)
    if not changes and found.error is None:
        return review
    state: ReviewState = review.state
    approvals, acceptances = review.approvals, review.acceptances
    if found.is_certain:
        state = "open" if state == "approved" else state
        approvals = tuple(replace(vote, is_void=True) for vote in approvals)
        acceptances = tuple(replace(each, is_void=True) for each in acceptances)
    return replace(
        review,
        changes=changes,
        plan_error=found.error,
        is_certain=found.is_certain,
        approvals=approvals,
        acceptances=acceptances,
        state=state,
    )


def _without_those_who_left(review: Review) -> Review:
    """The same review, votes and acceptances of accounts that may decide no more withdrawn."""
    votes = tuple(
        replace(vote, is_withdrawn=not allows_account(vote.account, "approve"))
        for vote in review.approvals
    )
    accepted = tuple(
        replace(each, is_withdrawn=not allows_account(each.account, "approve"))
        for each in review.acceptances
    )
    review = replace(review, approvals=votes, acceptances=accepted)
    is_alone = review.state == "approved" and not review.approvers
    return replace(review, state="open") if is_alone else review


def replan(review: Review, targets: Mapping[str, Target]) -> Replanned:
    """Make the plan of a review again, from where its target stands now."""
    target = targets.get(review.target)
    if target is None:
        return Replanned(None, f"There is no target '{review.target}' any more.")
    try:
        return Replanned(make_plan(target, review.goal))
    except NothingToDo:
        return Replanned(None, _without_files(review, target) or MOVED)
    except SchemaError as error:
        return Replanned(None, str(error))
    except (SQLAlchemyError, OSError):
        text = f"The database of '{review.target}' cannot be read now. See whether it is running."
        return Replanned(None, text, is_certain=False)


def _without_files(review: Review, target: Target) -> str | None:
    """That steps of the plan are in the history no more, if so: nothing is left to do because the
    files went, not because the database moved."""
    history = read_history(target)
    lost = [step.revision for step in review.plan.steps if step.revision not in history.by_id]
    if not lost:
        return None
    return (
        f"No revision file carries {', '.join(lost)} any more. Bring it back from version control, "
        "or close the review."
    )


def _approvals(session: Session, review: ReviewRow) -> tuple[Approval, ...]:
    rows = session.scalars(
        select(ApprovalRow).where(ApprovalRow.review_id == review.id).order_by(ApprovalRow.id)
    )
    return tuple(
        Approval(
            id=row.id,
            account=value_of(row.account),
            digest=row.digest,
            vote=cast(Vote, row.vote),
            reason=row.reason,
            created_at=row.created_at,
            is_void=row.voided_at is not None or row.digest != review.digest,
        )
        for row in rows
    )


def _runs(session: Session, review: ReviewRow, kind: str) -> Sequence[Run]:
    """The runs of the review's present plan, newest first; at most the last few."""
    rows = session.scalars(
        select(RunRow)
        .where(RunRow.review_id == review.id, RunRow.kind == kind, RunRow.digest == review.digest)
        .order_by(RunRow.id.desc())
        .limit(3)
        .options(undefer(RunRow.outcome), undefer(RunRow.rehearsal), undefer(RunRow.hazards))
    )
    return [run_of(row) for row in rows]
