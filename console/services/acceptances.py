"""acceptances: accepting a single finding of a review with a reason, and taking that back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from console.hazards.hazard import Hazard
from console.schema.target import Target
from console.services import audit
from console.services.acceptance_row import accept, acceptances_of, end_acceptance, in_turn
from console.services.account import Account
from console.services.decisions import may_accept, may_take_back
from console.services.errors import Conflict, Invalid, NotFound, Refused
from console.services.permissions import allows_account, require
from console.services.review import Acceptance, Review, finding_of
from console.services.review_row import find_unchanged, get_review
from console.services.votes import refuse_unseen
from console.store.review import ReviewRow
from console.store.store import Store
from console.store.upgrade import is_current

LONGEST_REASON = 4000


def accept_finding(
    store: Store,
    targets: Mapping[str, Target],
    actor: Account,
    review_id: int,
    *,
    finding: str,
    reason: str,
    digest: str | None = None,
) -> Review:
    """Accept one finding, by its `name_of`, of the plan as it would run now.

    Forbidden for the role; Refused as `may_accept` says; Invalid("reason") without a reason;
    NotFound for a finding that is not there; Conflict where it is accepted, or the plan changed.
    """
    require(actor, "approve")
    review, reason = get_review(store, targets, review_id), reason.strip()
    refuse_unseen(review, digest)
    decision = may_accept(review, actor)
    if not decision:
        raise Refused(decision.reason)
    hazard = next((each for each in review.hazards if name_of(each) == finding), None)
    if hazard is None:
        raise NotFound("The last rehearsal has no such finding any more. Look at the review again.")
    if hazard.accepted:
        raise Conflict("The revision accepts this finding itself.")
    if not reason:
        raise Invalid("reason", "Say why this may stay as it is.")
    if len(reason) > LONGEST_REASON:
        raise Invalid("reason", f"Use at most {LONGEST_REASON:,} characters.")
    with in_turn(), store.begin() as session:
        row = find_unchanged(session, review)
        if row.state == "refused":
            raise Conflict("Somebody refused the plan in the meantime. Look at the review again.")
        accept(session, row, hazard, actor, reason)
    return get_review(store, targets, review_id)


def take_back(
    store: Store, targets: Mapping[str, Target], actor: Account, review_id: int, acceptance_id: int
) -> Review:
    """Take an acceptance back while the review can still be applied.

    Forbidden for the role; Refused as `may_take_back` says; NotFound; Conflict where it is done.
    """
    require(actor, "approve")
    review = get_review(store, targets, review_id)
    found = next((each for each in review.acceptances if each.id == acceptance_id), None)
    if found is None:
        raise NotFound("There is no such acceptance in this review any more.")
    decision = may_take_back(review, actor, found)
    if not decision:
        raise Refused(decision.reason)
    with store.begin() as session:
        row = find_unchanged(session, review)
        end_acceptance(session, acceptance_id)
        audit.record(
            session,
            actor=actor,
            action="finding.taken-back",
            subject=f"review {row.id}",
            text=f"{actor.name} took back that {found.account.name} accepted {found.code} "
            f"({found.subject}) in review {row.id}.",
            data={"digest": row.digest, "code": found.code, "subject": found.subject},
            review_id=row.id,
        )
    return get_review(store, targets, review_id)


def accepted_of(store: Store, digest: str) -> tuple[int | None, tuple[Acceptance, ...]]:
    """The review that is open for this very plan, and what was accepted in it; (None, ()) for none,
    and where the console's own database is not set up or does not answer."""
    try:
        return _accepted_of(store, digest) if is_current(store) else (None, ())
    except SQLAlchemyError:
        return None, ()


def _accepted_of(store: Store, digest: str) -> tuple[int | None, tuple[Acceptance, ...]]:
    with store.read() as session:
        row = session.scalar(select(ReviewRow).where(ReviewRow.open_digest == digest))
        found = acceptances_of(session, row) if row else ()
    return row.id if row else None, tuple(a for a in found if allows_account(a.account, "approve"))


def name_of(hazard: Hazard) -> str:
    """A short name of a finding for a form: the same for the same revision, code and subject."""
    return hashlib.sha256(json.dumps(finding_of(hazard)).encode()).hexdigest()[:16]
