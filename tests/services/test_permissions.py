"""Each role may do its own things, and is told who may do the others."""

from dataclasses import replace

import pytest

from console.services.errors import Forbidden
from console.services.permissions import PERMISSIONS, ROLES, allows, require
from tests.world import World

MATRIX = {
    "viewer": {"view", "view-audit"},
    "author": {"view", "view-audit", "edit-data", "open-review", "comment", "rehearse"},
    "approver": {
        "view", "view-audit", "edit-data", "open-review", "comment", "rehearse", "approve", "apply",
    },
    "operator": {"view", "view-audit", "edit-data", "open-review", "comment", "rehearse", "apply"},
    "administrator": set(PERMISSIONS),
}  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_this_and_nothing_else(role: str) -> None:
    assert {permission for permission in PERMISSIONS if allows(role, permission)} == MATRIX[role]


def test_an_unknown_role_may_do_nothing() -> None:
    assert not any(allows("king", permission) for permission in PERMISSIONS)


def test_the_refusal_names_who_may(world: World) -> None:
    with pytest.raises(Forbidden, match=r"approver or administrator to approve.*yours is author"):
        require(world.author, "approve")


def test_nobody_in_particular_may_do_nothing() -> None:
    with pytest.raises(Forbidden, match="Sign in to look around"):
        require(None, "view")


def test_a_switched_off_account_may_do_nothing(world: World) -> None:
    with pytest.raises(Forbidden, match="switched off"):
        require(replace(world.administrator, is_active=False), "view")
