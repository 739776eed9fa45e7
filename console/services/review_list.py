"""review_list: every review in one line, in a few queries however many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from console.services.account import value_of
from console.services.permissions import roles_that
from console.services.review import ReviewState, ReviewSummary
from console.store.account import AccountRow
from console.store.approval import ApprovalRow
from console.store.comment import CommentRow
from console.store.review import ReviewRow
from console.store.run import RunRow
from console.store.store import Store


def list_reviews(
    store: Store,
    *,
    states: Sequence[str] = (),
    target: str | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> tuple[ReviewSummary, ...]:
    """The newest reviews, newest first; those before `before_id` for the next page.

    Only those in one of `states`, and of `target`, where these are given. States are as last written.
    """
    query = select(ReviewRow).order_by(ReviewRow.id.desc()).limit(max(1, min(limit, 500)))
    if states:
        query = query.where(ReviewRow.state.in_(states))
    if target is not None:
        query = query.where(ReviewRow.target == target)
    if before_id is not None:
        query = query.where(ReviewRow.id < before_id)
    with store.read() as session:
        rows = session.scalars(query).all()
        ids = [row.id for row in rows]
        comments = _comments(session, ids)
        approvals = _approvals(session, ids)
        rehearsals = _rehearsals(session, ids)
    return tuple(
        ReviewSummary(
            id=row.id,
            title=row.title,
            target=row.target,
            goal=row.goal,
            direction=row.direction,
            state=cast(ReviewState, row.state),
            author=value_of(row.author),
            created_at=row.created_at,
            steps=len(row.plan["steps"]),
            approvals=approvals.get((row.id, row.digest), 0),
            comments=comments.get(row.id, 0),
            rehearsal_state=rehearsals.get((row.id, row.digest)),
        )
        for row in rows
    )


def count_reviews(store: Store) -> Mapping[str, int]:
    """How many reviews there are, by state."""
    with store.read() as session:
        counted = session.execute(select(ReviewRow.state, func.count()).group_by(ReviewRow.state))
        return {state: number for state, number in counted}  # noqa: C416 - rows, not tuples


def _comments(session: Session, ids: list[int]) -> Mapping[int, int]:
    counted = session.execute(
        select(CommentRow.review_id, func.count())
        .where(CommentRow.review_id.in_(ids))
        .group_by(CommentRow.review_id)
    )
    return {review_id: number for review_id, number in counted}  # noqa: C416 - rows, not tuples


def _approvals(session: Session, ids: list[int]) -> Mapping[tuple[int, str], int]:
    """How many agree, by review and digest; the latest vote of each person counts,
    and before the plan is applied only of those who may still decide."""
    votes = session.execute(
        select(ApprovalRow.review_id, ApprovalRow.digest, ApprovalRow.account_id, ApprovalRow.vote)
        .join(ApprovalRow.account)
        .join(ReviewRow, ReviewRow.id == ApprovalRow.review_id)
        .where(
            ApprovalRow.review_id.in_(ids),
            ApprovalRow.voided_at.is_(None),
            ReviewRow.state.in_(("applying", "applied", "closed"))
            | (AccountRow.is_active & AccountRow.role.in_(roles_that("approve"))),
        )
        .order_by(ApprovalRow.id)
    )
    latest = {(review, digest, account): vote for review, digest, account, vote in votes}
    counted: dict[tuple[int, str], int] = {}
    for (review, digest, _), vote in latest.items():
        counted[review, digest] = counted.get((review, digest), 0) + (vote == "approve")
    return counted


def _rehearsals(session: Session, ids: list[int]) -> Mapping[tuple[int, str], str]:
    """The state of the latest rehearsal, by review and digest."""
    runs = session.execute(
        select(RunRow.review_id, RunRow.digest, RunRow.state)
        .where(RunRow.review_id.in_(ids), RunRow.kind == "rehearsal")
        .order_by(RunRow.id)
    )
    return {(review, digest): state for review, digest, state in runs if review is not None}
