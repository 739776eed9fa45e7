"""doctor: what a crash or a hand left behind, and its cure on request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from console.cli.context import pass_console, target_of, target_option
from console.cli.output import Reporter, json_option, say, write_json
from console.services.doctor import Ailment, examine, examine_workshop
from console.services.execution import Workshop
from console.store.upgrade import upgrade_store

if TYPE_CHECKING:
    from console.mount import Console

ACTOR = "Command line"


@click.command()
@target_option
@click.option("--fix", is_flag=True, help="Ask for each finding whether to cure it.")
@click.option("--yes", is_flag=True, help="With --fix: do not ask, cure.")
@json_option
@pass_console
@click.pass_context
def doctor(
    ctx: click.Context, console: Console, target: str | None, fix: bool, yes: bool, as_json: bool
) -> None:
    """Look after a crash: say where every database really stands.

    The schema is held against the history, run on an empty database. Nothing is changed without
    --fix. Exits with status 1 while something is left to do.
    """
    upgrade_store(console.store)
    found, left = [], 0
    # one after the other: curing one may be what the next is found by
    for ailment in _examine(console, target, Reporter()):
        found.append(ailment)
        if not as_json:
            _print(ailment)
        if fix and ailment.cure is not None and (yes or click.confirm("  Do it?", err=True)):
            ailment.cure()
            say(f"Done: {ailment.remedy}")
        else:
            left += 1
    if as_json:
        write_json([_as_data(ailment) for ailment in found])
    if not found:
        say("Nothing found: every database stands where its version table says.")
    elif left and not fix:
        say(f"{left} finding(s). `manage.py doctor --fix` cures what it can, one by one.")
    ctx.exit(1 if left else 0)


def _examine(console: Console, target: str | None, progress: Reporter) -> Iterator[Ailment]:
    workshop = Workshop(console.store, console.targets, console.settings.workspace, console.policy)
    chosen = [target_of(console, target)] if target else list(console.targets.values())
    for one in chosen:
        yield from examine(workshop, one, actor_name=ACTOR, progress=progress)
    yield from examine_workshop(workshop)


def _as_data(ailment: Ailment) -> dict[str, object]:
    return {
        "code": ailment.code,
        "subject": ailment.subject,
        "text": ailment.text,
        "remedy": ailment.remedy,
        "details": ailment.details,
        "is_curable": ailment.cure is not None,
    }


def _print(ailment: Ailment) -> None:
    click.echo(f"{ailment.code}: {ailment.subject}: {ailment.text}")
    for detail in ailment.details:
        click.echo(f"    {detail}")
    click.echo(f"  {ailment.remedy}")
