"""createsuperuser and changepassword: accounts from the command line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from console.cli.context import pass_console
from console.cli.errors import Refusal
from console.cli.output import say
from console.services import accounts
from console.store.upgrade import upgrade_store

if TYPE_CHECKING:
    from console.mount import Console

PASSWORD_VARIABLE = "CONSOLE_SUPERUSER_PASSWORD"  # noqa: S105 - the variable's name


@click.command()
@click.option("--email", help="The address to sign in with.")
@click.option("--name", help="How the person is called on the pages.")
@click.option(
    "--noinput", is_flag=True, help=f"Ask nothing; the password comes from {PASSWORD_VARIABLE}."
)
@pass_console
def createsuperuser(console: Console, email: str | None, name: str | None, noinput: bool) -> None:
    """Create an administrator.

    What is not given is asked for.
    """
    upgrade_store(console.store)
    if email is None:
        if noinput:
            raise click.UsageError("--noinput needs --email.")
        email = click.prompt("Email address", err=True)
    if name is None:
        suggested = email.partition("@")[0]
        name = suggested if noinput else click.prompt("Name", default=suggested, err=True)
    account = accounts.create_account(
        console.store,
        email=email,
        name=name,
        role="administrator",
        password=_password(noinput),
    )
    say(f"Created {account.email}, an administrator.")


@click.command()
@click.argument("email")
@click.option(
    "--noinput", is_flag=True, help=f"Ask nothing; the password comes from {PASSWORD_VARIABLE}."
)
@pass_console
def changepassword(console: Console, email: str, noinput: bool) -> None:
    """Give an account a new password.

    It is signed out everywhere.
    """
    upgrade_store(console.store)
    accounts.change_password(console.store, email=email, password=_password(noinput))
    say(f"The password of {email} is changed.")


def _password(noinput: bool) -> str:
    if not noinput:
        password: str = click.prompt(
            "Password", hide_input=True, confirmation_prompt=True, err=True
        )
        return password
    if not (given := os.environ.get(PASSWORD_VARIABLE, "")):
        raise Refusal(f"--noinput needs the password in the variable {PASSWORD_VARIABLE}.")
    return given
