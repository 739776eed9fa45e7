"""acceptance_row: findings that people accepted in a review, out of the store and into it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from console.hazards.hazard import Hazard
from console.services import audit
from console.services.account import Account, value_of
from console.services.errors import Conflict
from console.services.permissions import allows
from console.services.review import Acceptance, finding_of
from console.services.wording import clean
from console.store.acceptance import AcceptanceRow
from console.store.review import ReviewRow
from console.store.times import now

MEANWHILE = "Somebody else accepted a finding in the meantime. Look at the review again."


def acceptances_of(session: Session, review: ReviewRow) -> tuple[Acceptance, ...]:
    """What was accepted of the review's present plan, oldest first."""
    return tuple(
        Acceptance(
            id=row.id,
            account=value_of(row.account),
            revision=row.revision,
            code=row.code,
            subject=row.subject,
            danger=row.danger,
            reason=row.reason,
            created_at=row.created_at,
        )
        for row in _active(session, review.id)
        if row.digest == review.digest
    )


def unanswered(
    session: Session, review_id: int, digest: str, hazards: Iterable[Hazard]
) -> tuple[Hazard, ...]:
    """The errors among `hazards` that neither their file nor anybody who may decide accepts."""
    accepted = {
        (row.revision, row.code, row.subject)
        for row in _active(session, review_id)
        if row.digest == digest and _counts(row)
    }
    return tuple(h for h in hazards if h.is_blocking and finding_of(h) not in accepted)


def accept(
    session: Session, review: ReviewRow, hazard: Hazard, actor: Account, reason: str
) -> None:
    """Write down that `actor` accepts a finding of the review's present plan, and the audit entry.

    Conflict, naming them, where somebody has done so. IntegrityError where they do so right now.
    """
    key = _key(review, hazard)
    other = session.scalar(select(AcceptanceRow).where(AcceptanceRow.active_key == key))
    if other is not None and _counts(other):
        raise Conflict(f"{other.account.name} has accepted this finding already.")
    if other is not None:  # by somebody who may decide no more
        _end(other)
        session.flush()
    row = AcceptanceRow(
        review_id=review.id,
        account_id=actor.id,
        digest=review.digest,
        revision=hazard.revision[:200],
        code=hazard.code[:100],
        subject=clean(hazard.subject),
        danger=clean(hazard.danger),
        reason=clean(reason),
        active_key=key,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="finding.accepted",
        subject=f"review {review.id}",
        text=f"{actor.name} accepted {hazard.code} ({hazard.subject}) in review {review.id}: "
        f"{row.reason}",
        data={
            "digest": review.digest,
            "revision": hazard.revision,
            "code": hazard.code,
            "subject": hazard.subject,
            "danger": hazard.danger,
        },
        review_id=review.id,
    )


def accept_rest(
    session: Session, review: ReviewRow, hazards: Sequence[Hazard], actor: Account, reason: str
) -> None:
    """Accept every error that is still unanswered; Conflict where one is, and no reason is given."""
    left = unanswered(session, review.id, review.digest, hazards)
    if left and not reason:
        raise Conflict("Somebody took an acceptance back in the meantime. Look at it again.")
    for hazard in {finding_of(each): each for each in left}.values():
        accept(session, review, hazard, actor, reason)


def end_acceptances(session: Session, review_id: int) -> None:
    """End every acceptance of a review: what it was about is put before people anew."""
    for row in _active(session, review_id):
        _end(row)


def end_acceptance(session: Session, acceptance_id: int) -> AcceptanceRow:
    """End one acceptance; Conflict where it was ended before."""
    row = session.get(AcceptanceRow, acceptance_id, with_for_update={"of": AcceptanceRow})
    if row is None or row.ended_at is not None:
        raise Conflict("This acceptance was taken back already.")
    _end(row)
    return row


@contextmanager
def in_turn() -> Iterator[None]:
    """Raise Conflict where somebody accepts the same finding at the very same moment."""
    try:
        yield
    except IntegrityError:
        raise Conflict(MEANWHILE) from None


def _active(session: Session, review_id: int) -> list[AcceptanceRow]:
    query = select(AcceptanceRow).where(
        AcceptanceRow.review_id == review_id, AcceptanceRow.ended_at.is_(None)
    )
    return list(session.scalars(query.order_by(AcceptanceRow.id)))


def _counts(row: AcceptanceRow) -> bool:
    return row.account.is_active and allows(row.account.role, "approve")


def _end(row: AcceptanceRow) -> None:
    row.ended_at, row.active_key = now(), None


def _key(review: ReviewRow, hazard: Hazard) -> str:
    """One name for the finding of this plan in this review, of a length that an index takes."""
    return hashlib.sha256(
        json.dumps([review.id, review.digest, *finding_of(hazard)]).encode()
    ).hexdigest()
