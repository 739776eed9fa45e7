"""permissions: which role may do what."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

from console.services.errors import Forbidden

if TYPE_CHECKING:
    from console.services.account import Account

Role = Literal["viewer", "author", "approver", "operator", "administrator"]
Permission = Literal[
    "view",
    "edit-data",
    "open-review",
    "comment",
    "rehearse",
    "approve",
    "apply",
    "manage-accounts",
    "view-audit",
]
ROLES: tuple[str, ...] = get_args(Role)
PERMISSIONS: tuple[str, ...] = get_args(Permission)

_VIEWER = frozenset({"view", "view-audit"})
_AUTHOR = _VIEWER | {"edit-data", "open-review", "comment", "rehearse"}
ALLOWED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "viewer": _VIEWER,
        "author": _AUTHOR,
        "approver": _AUTHOR | {"approve", "apply"},
        "operator": _AUTHOR | {"apply"},
        "administrator": frozenset(PERMISSIONS),
    }
)
ACTS: Mapping[str, str] = MappingProxyType(
    {
        "view": "look around",
        "edit-data": "edit data",
        "open-review": "open a review",
        "comment": "comment",
        "rehearse": "rehearse a plan",
        "approve": "approve or refuse a plan",
        "apply": "apply a plan",
        "manage-accounts": "manage accounts",
        "view-audit": "read the audit trail",
    }
)


def allows(role: str, permission: Permission) -> bool:
    """Whether `role` may do `permission`; an unknown role may do nothing."""
    return permission in ALLOWED.get(role, frozenset())


def allows_account(account: Account, permission: Permission) -> bool:
    """Whether `account` is switched on and its role may do `permission`."""
    return account.is_active and allows(account.role, permission)


def roles_that(permission: Permission) -> tuple[str, ...]:
    """The roles that may do it."""
    return tuple(role for role in ROLES if allows(role, permission))


def require(account: Account | None, permission: Permission) -> None:
    """Raise Forbidden, with a sentence that names who could, unless `account` may do `permission`."""
    if account is None:
        raise Forbidden(f"Sign in to {ACTS[permission]}.")
    if not account.is_active:
        raise Forbidden("This account is switched off.")
    if not allows(account.role, permission):
        raise Forbidden(why_not(account.role, permission))


def why_not(role: str, permission: Permission) -> str:
    """The sentence that tells a role why it may not do `permission`, and who may."""
    able = roles_that(permission)
    listed = f"{', '.join(able[:-1])} or {able[-1]}" if len(able) > 1 else able[0]
    return f"You need the role {listed} to {ACTS[permission]}; yours is {role}."
