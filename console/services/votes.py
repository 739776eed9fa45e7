"""votes: approving and refusing the plan of a review."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from console.schema.target import Target
from console.services import audit
from console.services.acceptance_row import accept_rest, in_turn
from console.services.account import Account
from console.services.decisions import Policy, may_approve, may_refuse, not_accepted
from console.services.errors import Conflict, Invalid, Refused
from console.services.permissions import require, roles_that
from console.services.review import Review
from console.services.review_row import find_unchanged, get_review
from console.store.account import AccountRow
from console.store.approval import ApprovalRow
from console.store.review import ReviewRow
from console.store.store import Store


def approve(
    store: Store,
    targets: Mapping[str, Target],
    actor: Account,
    review_id: int,
    *,
    reason: str = "",
    policy: Policy | None = None,
    digest: str | None = None,
) -> Review:
    """Approve the very plan that would run now; with `digest` only if that is the one. Its reason
    accepts every error among the findings that nobody has accepted yet.

    Forbidden for the role; Refused as `may_approve` says; Invalid("reason") where there is such an
    error and no reason is given; Conflict where somebody changed the review in the meantime.
    """
    policy, reason = policy or Policy(), reason.strip()
    require(actor, "approve")
    review = get_review(store, targets, review_id)
    refuse_unseen(review, digest)
    decision = may_approve(review, actor, policy)
    if not decision:
        raise Refused(decision.reason)
    if review.needs_reason and not reason:
        raise Invalid(
            "reason",
            f"{not_accepted(review.unanswered)} Say why the plan may run all the same, or accept "
            "each of them where it stands.",
        )
    with in_turn(), store.begin() as session:
        row = find_unchanged(session, review)
        people = approvers_of(session, row.id, row.digest)
        if actor.id in people or row.state == "refused":
            raise Conflict("Somebody else voted in the meantime. Look at the review again.")
        accept_rest(session, row, review.hazards, actor, reason)
        _add_vote(session, row, actor, "approve", reason)
        if len(people) + 1 >= policy.approvals_required:
            row.state = "approved"
        audit.record(
            session,
            actor=actor,
            action="review.approved",
            subject=f"review {row.id}",
            text=f"{actor.name} approved review {row.id}: {row.title}.",
            data={"digest": row.digest, "reason": reason},
            review_id=row.id,
        )
    return get_review(store, targets, review_id)


def refuse(
    store: Store,
    targets: Mapping[str, Target],
    actor: Account,
    review_id: int,
    *,
    reason: str,
    digest: str | None = None,
) -> Review:
    """Refuse the plan, which may have been approved by others before; with `digest` only that one.

    Forbidden for the role; Refused as `may_refuse` says; Invalid("reason") without a reason.
    """
    require(actor, "approve")
    review = get_review(store, targets, review_id)
    refuse_unseen(review, digest)
    decision = may_refuse(review, actor)
    if not decision:
        raise Refused(decision.reason)
    reason = reason.strip()
    if not reason:
        raise Invalid("reason", "Say why, so that the author knows what to change.")
    with store.begin() as session:
        row = find_unchanged(session, review)
        _add_vote(session, row, actor, "refuse", reason)
        row.state = "refused"
        audit.record(
            session,
            actor=actor,
            action="review.refused",
            subject=f"review {row.id}",
            text=f"{actor.name} refused review {row.id}: {row.title}.",
            data={"digest": row.digest, "reason": reason},
            review_id=row.id,
        )
    return get_review(store, targets, review_id)


def refuse_unseen(review: Review, digest: str | None) -> None:
    """Raise Conflict where the plan is not the one that a person saw when they decided."""
    if digest is not None and digest != review.plan.digest:
        raise Conflict("The plan changed while you were reading it. Look at it again first.")


def approvers_of(session: Session, review_id: int, digest: str) -> frozenset[int]:
    """The accounts whose latest vote on this very plan is to approve it, and which may still vote."""
    votes = session.execute(
        select(ApprovalRow.account_id, ApprovalRow.vote)
        .join(ApprovalRow.account)
        .where(
            ApprovalRow.review_id == review_id,
            ApprovalRow.digest == digest,
            ApprovalRow.voided_at.is_(None),
            AccountRow.is_active,
            AccountRow.role.in_(roles_that("approve")),
        )
        .order_by(ApprovalRow.id)
    )
    latest = {account: vote for account, vote in votes}  # noqa: C416 - rows are no pairs to mypy
    return frozenset(account for account, vote in latest.items() if vote == "approve")


def _add_vote(session: Session, row: ReviewRow, actor: Account, vote: str, reason: str) -> None:
    session.add(
        ApprovalRow(
            review_id=row.id, account_id=actor.id, digest=row.digest, vote=vote, reason=reason
        )
    )
