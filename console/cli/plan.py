"""plan: what would run, and what is dangerous about it, without running anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.context import pass_console, target_of, target_option
from console.cli.output import echo, json_option, say, write_json
from console.cli.render import hazard_lines, plan_lines
from console.schema.errors import NothingToDo
from console.schema.history import read_history
from console.schema.plan import make_plan
from console.schema.wire import encode
from console.services.acceptances import accepted_of
from console.services.lint import foreseen

if TYPE_CHECKING:
    from console.mount import Console


@click.command()
@click.argument("revision", default="head")
@target_option
@json_option
@pass_console
def plan(console: Console, revision: str, target: str | None, as_json: bool) -> None:
    """Print what would run, and do nothing.

    REVISION is an id or its beginning, a label, head, heads, base, +1 or -1. Hazards are those that
    the files show, and what the database answers; `rehearse` finds the others.
    """
    chosen = target_of(console, target)
    history = read_history(chosen)
    try:
        made = make_plan(chosen, revision, history)
    except NothingToDo as error:
        say(str(error))
        if as_json:
            write_json(None)
        return
    hazards = foreseen(chosen, made, history)
    review, accepted = accepted_of(console.store, made.digest)
    if as_json:
        write_json({**encode(made), "hazards": hazards, "review": review, "accepted": accepted})
        return
    for line in (*plan_lines(made), *hazard_lines(hazards, review, accepted)):
        echo(line)
