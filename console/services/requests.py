"""requests: asking for the rehearsal or the apply of a reviewed plan."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.exc import IntegrityError

from console.schema.target import Target
from console.services import audit
from console.services.account import Account
from console.services.decisions import Decision, Policy, may_apply, may_rehearse
from console.services.errors import Refused
from console.services.permissions import require
from console.services.queue import busy, enqueue
from console.services.review import Review
from console.services.review_row import find_unchanged, get_review
from console.services.runs import Run, get_run
from console.services.votes import refuse_unseen
from console.store.store import Store


def request_rehearsal(
    store: Store, targets: Mapping[str, Target], actor: Account, review_id: int
) -> Run:
    """Queue another rehearsal of the plan; Forbidden, NotFound, Refused as `may_rehearse` says."""
    require(actor, "rehearse")
    review = get_review(store, targets, review_id)
    decision = may_rehearse(review, actor)
    if not decision:
        raise Refused(decision.reason)
    with store.begin() as session:
        row = find_unchanged(session, review)
        run = enqueue(
            session,
            kind="rehearsal",
            plan=review.plan,
            requested_by=actor.name,
            requested_by_id=actor.id,
            review_id=row.id,
        )
        audit.record(
            session,
            actor=actor,
            action="rehearsal.requested",
            subject=f"review {row.id}",
            text=f"{actor.name} asked for a rehearsal of review {row.id}: {row.title}.",
            data={"digest": row.digest},
            review_id=row.id,
            run_id=run.id,
        )
    return get_run(store, run.id)


def request_apply(
    store: Store,
    targets: Mapping[str, Target],
    actor: Account,
    review_id: int,
    *,
    policy: Policy | None = None,
    digest: str | None = None,
) -> Run:
    """Queue the apply of an approved plan; with `digest` only if that is the one.

    Forbidden for the role; Refused as `may_apply` says, which the audit trail notes where the plan
    changed after it was approved; Conflict while another apply has the target.
    """
    require(actor, "apply")
    review = get_review(store, targets, review_id)
    refuse_unseen(review, digest)
    decision = may_apply(review, actor, policy)
    if not decision:
        _note_refusal(store, actor, review, decision)
        raise Refused(decision.reason)
    return get_run(store, queue_apply(store, review, actor))


def queue_apply(store: Store, review: Review, actor: Account | str) -> int:
    """Queue the apply of a review that may be applied, asked for by an account or, on the command
    line, by a name; the run's id. Conflict while another apply has the target, or where the review
    is not as it was loaded."""
    assert review.rehearsal_run is not None
    name, number = (actor, None) if isinstance(actor, str) else (actor.name, actor.id)
    try:
        with store.begin() as session:
            row = find_unchanged(session, review)
            run = enqueue(
                session,
                kind="apply",
                plan=review.plan,
                requested_by=name,
                requested_by_id=number,
                review_id=row.id,
                rehearsal_id=review.rehearsal_run.id,
            )
            row.state = "applying"
            audit.record(
                session,
                actor=actor,
                action="apply.requested",
                subject=f"review {row.id}",
                text=f"{name} asked to apply review {row.id}: {row.title}.",
                data={"digest": row.digest},
                review_id=row.id,
                run_id=run.id,
            )
            return run.id
    except IntegrityError:
        raise busy(review.target) from None


def _note_refusal(store: Store, actor: Account, review: Review, decision: Decision) -> None:
    """Write down that somebody tried to apply what is not what was approved."""
    if review.is_current or review.state in ("applying", "applied", "closed"):
        return
    audit.write(
        store,
        actor=actor,
        action="apply.refused",
        subject=f"review {review.id}",
        text=f"The apply of review {review.id} ({review.title}), asked for by {actor.name}, "
        f"was refused: {decision.reason}",
        data={"changes": list(review.changes), "plan_error": review.plan_error},
        review_id=review.id,
    )
