"""demo: the reference application's first run: data, accounts, and one revision left to review."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from console.cli.context import current_seed, pass_console, target_of
from console.cli.errors import Refusal
from console.cli.output import json_option, say, write_json
from console.schema.history import read_history
from console.schema.standing import read_standing
from console.services import accounts
from console.services.migrate import migrate_now
from console.store.upgrade import upgrade_store

if TYPE_CHECKING:
    from console.mount import Console
    from console.schema.target import Target

PEOPLE = (
    ("author", "Avery Author"),
    ("approver", "Robin Approver"),
    ("viewer", "Vic Viewer"),
)
# Letters and digits that cannot be taken for one another: people copy these from a terminal.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class DemoAccount:
    """One account as it was made, with the only copy of its password."""

    role: str
    email: str
    password: str


@click.command()
@click.option("--quiet", is_flag=True, help="Say nothing when everything is there already.")
@json_option
@pass_console
def demo(console: Console, quiet: bool, as_json: bool) -> None:
    """Fill new databases with demonstration data.

    It makes three accounts and prints their passwords once. The database is left one revision behind, to be reviewed. Where there are accounts already it
    changes nothing. Not for production.
    """
    if console.settings.is_production:
        raise Refusal(
            "demo makes accounts for trying out, which production must not have. "
            "Use `manage.py migrate` and `manage.py createsuperuser`."
        )
    upgrade_store(console.store)
    if accounts.has_accounts(console.store):
        if not quiet:
            say("There are accounts already, so nothing was changed.")
        if as_json:
            write_json([])
        return
    _fill(console, target_of(console, None))
    made = [_create(console, role, name) for role, name in PEOPLE]
    if as_json:
        write_json(made)
    else:
        _print(made)


def _fill(console: Console, target: Target) -> None:
    """Bring an empty database to the revision before the last one, and seed it."""
    history = read_history(target)
    standing = read_standing(target, history)
    if not standing.heads and len(history.heads) == 1:
        head = history.find(history.heads[0])
        migrate_now(
            console.store,
            console.targets,
            target=target.name,
            goal=head.parents[0] if head.parents else head.id,
            actor_name="First run",
            workspace=console.settings.workspace,
            rehearse=False,  # there is nothing in it to lose
        )
    if seed := current_seed():
        seed()


def _create(console: Console, role: str, name: str) -> DemoAccount:
    made = DemoAccount(role=role, email=f"{role}@example.com", password=new_password())
    accounts.create_account(
        console.store, email=made.email, name=name, role=role, password=made.password
    )
    return made


def new_password() -> str:
    """Twenty random letters and digits in groups of five: 99 bits."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(20))
    return "-".join(letters[start : start + 5] for start in range(0, 20, 5))


def _print(made: list[DemoAccount]) -> None:
    click.echo("\n  Accounts for trying out. Their passwords are shown this once:\n")
    for account in made:
        click.echo(f"    {account.email:<24}{account.password}")
    click.echo("\n  A lost one is replaced by: manage.py changepassword ADDRESS\n")
