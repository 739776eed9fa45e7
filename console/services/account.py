"""account: somebody who signs in to the console, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.store.account import AccountRow


@dataclass(frozen=True)
class Account:
    """Somebody who signs in; `role` is one of `permissions.ROLES`.

    It is a user in Flask-Login's sense, so that `flask_login.current_user` may be one.
    """

    id: int
    email: str
    name: str
    role: str
    is_active: bool
    created_at: datetime

    @property
    def is_authenticated(self) -> bool:
        """Always: nobody who is not signed in is an account."""
        return True

    @property
    def is_anonymous(self) -> bool:
        """Never, for the same reason."""
        return False

    def get_id(self) -> str:
        """How Flask-Login names it."""
        return str(self.id)


def value_of(row: AccountRow) -> Account:
    """The value of a row."""
    return Account(row.id, row.email, row.name, row.role, row.is_active, row.created_at)


def normalise_email(email: str) -> str:
    """How an address is compared and kept: without spaces around it, in lower case."""
    return email.strip().casefold()
