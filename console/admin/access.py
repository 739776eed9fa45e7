"""access: who is asking, and what they may do here.

The guard of `console.web` puts the account that is signed in at `flask.g.console_account`.
"""

from __future__ import annotations

from flask import g

from console.services import permissions
from console.services.account import Account


def account() -> Account | None:
    """The account that is signed in, or None."""
    found: Account | None = g.get("console_account")
    return found


def may(permission: permissions.Permission) -> bool:
    """Whether whoever is signed in has this permission."""
    found = account()
    return found is not None and found.is_active and permissions.allows(found.role, permission)


def require(permission: permissions.Permission) -> Account:
    """The account; `services.errors.Forbidden` with a sentence when it may not."""
    found = account()
    permissions.require(found, permission)
    assert found is not None
    return found
