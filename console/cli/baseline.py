"""baseline: take over a database that was there before its history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.approver import approver_option, identified
from console.cli.context import pass_console, target_of, target_option
from console.cli.errors import Refusal
from console.cli.output import Reporter, echo, json_option, say, write_json
from console.cli.render import difference_lines
from console.schema.baseline import Baseline, find_baseline
from console.schema.listing import place
from console.schema.wire import encode
from console.services.baseline import adopt
from console.store.upgrade import upgrade_store

if TYPE_CHECKING:
    from console.mount import Console

ACTOR = "Command line"


@click.command()
@click.argument("revision", default="head")
@target_option
@click.option("--yes", is_flag=True, help="Stamp the database; without it nothing is changed.")
@click.option(
    "--accept-differences", metavar="REASON", default="", help="Stamp it although it differs."
)
@approver_option
@json_option
@pass_console
def baseline(
    console: Console,
    revision: str,
    target: str | None,
    yes: bool,
    accept_differences: str,
    approver: str | None,
    as_json: bool,
) -> None:
    """Give an existing database its place in the history.

    The history is rebuilt up to REVISION on an empty database and compared with the one there is.
    Only with --yes, and only if both are identical, is the database stamped. Where reviews decide, it
    takes an --approver.
    """
    chosen = target_of(console, target)
    if approver:
        upgrade_store(console.store)
    allowing = identified(console, approver)
    with Reporter() as progress:
        found = find_baseline(chosen, revision, progress=progress)
    heads = place(found.heads)
    if as_json:
        write_json(encode(found) | {"is_identical": found.is_identical})
    else:
        _print(found, heads)
    if yes:
        upgrade_store(console.store)
        adopt(
            console.store,
            console.targets,
            found,
            actor_name=ACTOR,
            policy=console.policy,
            approver=allowing,
            reason=accept_differences,
        )
        say(f"'{chosen.name}' is stamped with {heads}.")
    elif found.start:
        raise Refusal(f"'{chosen.name}' stands at {', '.join(found.start)} already.")
    elif not found.is_identical and not accept_differences:
        raise Refusal("It differs, so it would not be stamped.")
    else:
        say(f"Nothing was changed. With --yes it is stamped with {heads}.")


def _print(found: Baseline, heads: str) -> None:
    if found.is_identical:
        echo(f"'{found.target}' is exactly what its history makes up to {heads}.")
        return
    echo(f"'{found.target}' is not what its history makes up to {heads}. It has:")
    for line in difference_lines(found.difference):
        echo(f"  {line}")
    for suspicion in found.suspicions:
        echo(f"  A rename? {suspicion}")
