"""audit: the append-only record of who did what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from console.schema.wire import encode
from console.store.audit_entry import AuditEntryRow
from console.store.store import Store

if TYPE_CHECKING:
    from console.services.account import Account

CONSOLE = "Console"  # the actor of what nobody asked for: recoveries, changes from outside


@dataclass(frozen=True)
class AuditEntry:
    """One entry. `actor` and `actor_email` are as they were then; `text` is a full sentence."""

    id: int
    at: datetime
    actor: str
    actor_email: str | None
    actor_id: int | None
    action: str
    subject: str
    text: str
    data: Mapping[str, Any]
    review_id: int | None = None
    run_id: int | None = None


def record(
    session: Session,
    *,
    actor: Account | str,
    action: str,
    subject: str,
    text: str,
    data: Mapping[str, Any] | None = None,
    review_id: int | None = None,
    run_id: int | None = None,
) -> None:
    """Add one entry inside the caller's transaction.

    `actor` is the account that acts, or a name where there is none. `action` is "noun.participle".
    """
    name, email, number = (
        (actor, None, None) if isinstance(actor, str) else (actor.name, actor.email, actor.id)
    )
    session.add(
        AuditEntryRow(
            actor=name[:120],
            actor_email=email,
            actor_id=number,
            action=action[:60],
            subject=subject[:200],
            text=text,
            data=encode(dict(data or {})),
            review_id=review_id,
            run_id=run_id,
        )
    )


def write(
    store: Store,
    *,
    actor: Account | str,
    action: str,
    subject: str,
    text: str,
    data: Mapping[str, Any] | None = None,
    review_id: int | None = None,
    run_id: int | None = None,
) -> None:
    """Add one entry in a transaction of its own, for what happened in another database."""
    with store.begin() as session:
        record(
            session,
            actor=actor,
            action=action,
            subject=subject,
            text=text,
            data=data,
            review_id=review_id,
            run_id=run_id,
        )


def list_entries(
    store: Store,
    *,
    before_id: int | None = None,
    limit: int = 50,
    action: str | None = None,
    actor: str | None = None,
    review_id: int | None = None,
) -> tuple[AuditEntry, ...]:
    """The newest entries, newest first; those before `before_id` for the next page.

    `action` also takes a noun with a dot ("review."), `actor` is a name or an e-mail address.
    """
    query = select(AuditEntryRow).order_by(AuditEntryRow.id.desc()).limit(max(1, min(limit, 500)))
    if before_id is not None:
        query = query.where(AuditEntryRow.id < before_id)
    if action and action.endswith("."):
        query = query.where(AuditEntryRow.action.startswith(action, autoescape=True))
    elif action:
        query = query.where(AuditEntryRow.action == action)
    if actor:
        query = query.where((AuditEntryRow.actor == actor) | (AuditEntryRow.actor_email == actor))
    if review_id is not None:
        query = query.where(AuditEntryRow.review_id == review_id)
    with store.read() as session:
        return tuple(_value(row) for row in session.scalars(query))


def _value(row: AuditEntryRow) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=row.at,
        actor=row.actor,
        actor_email=row.actor_email,
        actor_id=row.actor_id,
        action=row.action,
        subject=row.subject,
        text=row.text,
        data=row.data,
        review_id=row.review_id,
        run_id=row.run_id,
    )
