"""throttle: nobody guesses passwords quickly, whether there is such an account or not."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from console.services import audit
from console.services.errors import TooManyAttempts
from console.store.audit_entry import AuditEntryRow
from console.store.store import Store
from console.store.times import now

MOST_FAILURES = 10
WINDOW = timedelta(minutes=10)
FAILED, HELD_OFF = "sign-in.failed", "sign-in.held-off"


def refuse_too_many(store: Store, email: str, address: str) -> None:
    """Raise TooManyAttempts after ten failures within ten minutes to sign in as `email` from `address`.

    It asks the audit trail alone, so that the answer tells nothing about accounts.
    """
    with store.read() as session:
        failures, first = _failures(session, email, address)
    if failures >= MOST_FAILURES:
        wait = first + WINDOW - now() if first else WINDOW
        raise TooManyAttempts(max(1, int(wait.total_seconds())))


def note_failure(store: Store, email: str, address: str) -> None:
    """Write down that somebody failed to sign in, and that they are held off where it was too often."""
    with store.begin() as session:
        _record(
            session, FAILED, email, address, f"Somebody failed to sign in as {email or 'nobody'}."
        )
        session.flush()
        if _failures(session, email, address)[0] == MOST_FAILURES:
            text = (
                f"Signing in as {email or 'nobody'} from {address or 'this machine'} is refused for "
                f"some minutes, after {MOST_FAILURES} failures."
            )
            _record(session, HELD_OFF, email, address, text)


def _failures(session: Session, email: str, address: str) -> tuple[int, datetime | None]:
    """How often it failed of late, and when the first of these times was."""
    row = AuditEntryRow
    query = select(func.count(), func.min(row.at)).where(
        row.action == FAILED,
        row.at > now() - WINDOW,
        row.subject == email[:200],
        row.data["address"].as_string() == address,
    )
    count, first = session.execute(query).one()
    return count, first


def _record(session: Session, action: str, email: str, address: str, text: str) -> None:
    audit.record(
        session,
        actor="Somebody",
        action=action,
        subject=email,
        text=text,
        data={"address": address},
    )
