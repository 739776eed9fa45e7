"""accounts: the people who sign in to the console."""

from __future__ import annotations

from sqlalchemy import delete, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from console.services import audit, passwords
from console.services.account import Account, normalise_email, value_of
from console.services.errors import Conflict, Invalid, NotFound, Refused
from console.services.permissions import ROLES, require
from console.services.sessions import (
    account_for_token,
    authenticate,
    check_password,
    sign_out,
)
from console.store.account import AccountRow
from console.store.session import SessionRow
from console.store.store import Store

__all__ = [
    "Account",
    "account_for_token",
    "authenticate",
    "change_password",
    "check_password",
    "create_account",
    "get_account",
    "has_accounts",
    "list_accounts",
    "sign_out",
    "update_account",
]


def create_account(
    store: Store,
    *,
    email: str,
    name: str,
    role: str,
    password: str,
    actor: Account | None = None,
) -> Account:
    """Create an account; `actor` needs "manage-accounts", None is the command line.

    Invalid for a bad address, name, role or password; Conflict where the address is taken.
    """
    if actor is not None:
        require(actor, "manage-accounts")
    email, name = _checked_email(email), " ".join(name.split())
    if not name:
        raise Invalid("name", "Give the name of the person.")
    if len(name) > 120:
        raise Invalid("name", "Use at most 120 characters.")
    row = AccountRow(
        email=email,
        name=name,
        role=_checked_role(role),
        password_hash=passwords.hash_password(password),
        is_active=True,
    )
    try:
        with store.begin() as session:
            session.add(row)
            session.flush()
            audit.record(
                session,
                actor=actor or "Command line",
                action="account.created",
                subject=email,
                text=f"{_who(actor)} created the account of {name} ({email}) as {role}.",
                data={"account": row.id, "role": role},
            )
    except IntegrityError:
        raise Conflict(f"There is an account with the address {email} already.") from None
    return value_of(row)


def change_password(
    store: Store, *, email: str, password: str, actor: Account | None = None
) -> None:
    """Give the account of `email` a new password and end its sign-ins; NotFound, Invalid.

    Somebody else's password needs "manage-accounts"; without an actor it is the command line.
    """
    email = normalise_email(email)
    if actor is not None and actor.email != email:
        require(actor, "manage-accounts")
    password_hash = passwords.hash_password(password)
    with store.begin() as session:
        row = session.scalar(select(AccountRow).where(AccountRow.email == email))
        if row is None:
            raise NotFound(f"There is no account with the address {email}.")
        row.password_hash = password_hash
        _end_sessions(session, row.id)
        audit.record(
            session,
            actor=actor or "Command line",
            action="account.password-changed",
            subject=email,
            text=f"{_who(actor)} changed the password of {row.name} ({email}).",
            data={"account": row.id},
        )


def list_accounts(store: Store) -> tuple[Account, ...]:
    """Every account by name, switched-off ones last."""
    query = select(AccountRow).order_by(AccountRow.is_active.desc(), func.lower(AccountRow.name))
    with store.read() as session:
        return tuple(value_of(row) for row in session.scalars(query))


def get_account(store: Store, account_id: int) -> Account:
    """One account; NotFound."""
    with store.read() as session:
        return value_of(_row(session, account_id))


def has_accounts(store: Store) -> bool:
    """Whether anybody can sign in at all."""
    with store.read() as session:
        return bool(session.scalar(select(exists().where(AccountRow.is_active))))


def update_account(
    store: Store,
    actor: Account | None,
    account_id: int,
    *,
    role: str | None = None,
    is_active: bool | None = None,
) -> Account:
    """Change a role, or switch an account on or off; a change ends its sign-ins.

    Refused where no active administrator would be left. `actor` None is the command line.
    """
    if actor is not None:
        require(actor, "manage-accounts")
    with store.begin() as session:
        row = _row(session, account_id)
        was_administrator = row.is_active and row.role == "administrator"
        changes = []
        if role is not None and role != row.role:
            row.role = _checked_role(role)
            changes.append(f"made {row.name} {_article(role)}")
        if is_active is not None and is_active != row.is_active:
            row.is_active = is_active
            changes.append(f"switched the account of {row.name} {'on' if is_active else 'off'}")
        if changes:
            session.flush()
            if was_administrator:
                _keep_an_administrator(session)
            _end_sessions(session, row.id)
            audit.record(
                session,
                actor=actor or "Command line",
                action="account.changed",
                subject=row.email,
                text=f"{_who(actor)} {' and '.join(changes)}.",
                data={"account": row.id, "role": row.role, "is_active": row.is_active},
            )
        return value_of(row)


def _keep_an_administrator(session: Session) -> None:
    """Refuse a change after which nobody could manage accounts."""
    left = exists().where(AccountRow.is_active, AccountRow.role == "administrator")
    if not session.scalar(select(left)):
        raise Refused("This is the last administrator; make somebody else one first.")


def _end_sessions(session: Session, account_id: int) -> None:
    session.execute(delete(SessionRow).where(SessionRow.account_id == account_id))


def _row(session: Session, account_id: int) -> AccountRow:
    row = session.get(AccountRow, account_id)
    if row is None:
        raise NotFound("There is no such account.")
    return row


def _checked_email(email: str) -> str:
    email = normalise_email(email)
    local, _, domain = email.rpartition("@")
    if not local or not domain or any(c.isspace() for c in email) or len(email) > 254:
        raise Invalid("email", "Give an e-mail address like ada@example.com.")
    return email


def _checked_role(role: str) -> str:
    if role not in ROLES:
        raise Invalid("role", f"Choose one of {', '.join(ROLES)}.")
    return role


def _article(role: str) -> str:
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role}"


def _who(actor: Account | None) -> str:
    return actor.name if actor else "The command line"
