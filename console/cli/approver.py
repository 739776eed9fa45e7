"""approver: who allows on the command line what no review approved, known by a password."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from console.services.account import Account
from console.services.accounts import check_password
from console.services.permissions import require

if TYPE_CHECKING:
    from console.mount import Console

P = ParamSpec("P")
R = TypeVar("R")


def approver_option(command: Callable[P, R]) -> Callable[P, R]:
    """Add `--approver`."""
    return click.option(
        "--approver",
        metavar="EMAIL",
        help="Who allows what no review approved; the password is asked for.",
    )(command)


def identified(console: Console, email: str | None) -> Account | None:
    """The approver's account, by its password; nobody's without an address."""
    if email is None:
        return None
    password = click.prompt(f"Password of {email}", hide_input=True, err=True)
    account = check_password(console.store, email=email, password=password)
    require(account, "approve")
    return account
