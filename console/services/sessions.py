"""sessions: who signed in where, kept on the server."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from console.services import audit, passwords, throttle
from console.services.account import Account, normalise_email, value_of
from console.services.errors import InvalidCredentials
from console.store.account import AccountRow
from console.store.session import SessionRow
from console.store.store import Store
from console.store.times import now
from console.store.unavailable import StoreUnavailable

ABSOLUTE = timedelta(days=7)
IDLE = timedelta(hours=12)
TOUCH = timedelta(minutes=1)


def authenticate(
    store: Store, *, email: str, password: str, address: str = "", agent: str = ""
) -> str:
    """Sign in: the token to keep in the browser. `address` and `agent` say from where.

    InvalidCredentials for an unknown account, a wrong password and an inactive account alike, and
    after the same work: one Argon2 verification and one entry in the audit trail. TooManyAttempts,
    for unknown accounts too, where that happened ten times within ten minutes.
    """
    row = _recognised(store, email, password, address)
    token = secrets.token_urlsafe(32)
    with store.begin() as session:
        _forget_expired(session)
        session.add(
            SessionRow(
                token_hash=_digest(token),
                account_id=row.id,
                address=address[:64],
                agent=agent[:200],
            )
        )
        if passwords.needs_rehash(row.password_hash):
            session.get_one(AccountRow, row.id).password_hash = passwords.hasher.hash(password)
        audit.record(
            session,
            actor=value_of(row),
            action="sign-in.succeeded",
            subject=row.email,
            text=f"{row.name} signed in.",
            data={"address": address},
        )
    return token


def check_password(store: Store, *, email: str, password: str, address: str = "") -> Account:
    """The account whose password this is, without signing it in; raises as `authenticate` does."""
    return value_of(_recognised(store, email, password, address))


def _recognised(store: Store, email: str, password: str, address: str) -> AccountRow:
    """The account whose password this is; a failure is written down."""
    email = normalise_email(email)[:254]
    throttle.refuse_too_many(store, email, address)
    with store.read() as session:
        row = session.scalar(select(AccountRow).where(AccountRow.email == email))
    fits = passwords.verify(row.password_hash if row else None, password)
    if row is None or not fits or not row.is_active:
        throttle.note_failure(store, email, address)
        raise InvalidCredentials
    return row


def account_for_token(
    store: Store, token: str, *, absolute: timedelta = ABSOLUTE, idle: timedelta = IDLE
) -> Account | None:
    """Whose token this is, or None where it is unknown, expired, or the account is switched off.

    A sign-in ends `absolute` after it began and `idle` after it was last used; its last use is
    written down once a minute at most.
    """
    if not token:
        return None
    moment = now()
    with store.read() as session:
        row = session.scalar(select(SessionRow).where(SessionRow.token_hash == _digest(token)))
    if row is None or not row.account.is_active:
        return None
    if moment - row.created_at > absolute or moment - row.seen_at > idle:
        return None
    if moment - row.seen_at > TOUCH:
        with suppress(StoreUnavailable), store.begin() as session:  # reading goes on without it
            found = session.get(SessionRow, row.id)
            if found is not None:
                found.seen_at = moment
    return value_of(row.account)


def sign_out(store: Store, token: str) -> None:
    """End one sign-in; nothing happens for a token that is not known."""
    with store.begin() as session:
        row = session.scalar(select(SessionRow).where(SessionRow.token_hash == _digest(token)))
        if row is None:
            return
        audit.record(
            session,
            actor=value_of(row.account),
            action="sign-out",
            subject=row.account.email,
            text=f"{row.account.name} signed out.",
        )
        session.delete(row)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _forget_expired(session: Session) -> None:
    session.execute(delete(SessionRow).where(SessionRow.created_at < now() - 4 * ABSOLUTE))
