"""rehearse: run a plan, its way back and the plan again on a clone, and say what would become of the data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from console.cli.context import pass_console, target_of, target_option
from console.cli.errors import Refusal
from console.cli.output import Reporter, echo, json_option, say, warn, write_json
from console.cli.render import difference_lines, hazard_lines, ledger_lines, plan_lines
from console.cli.stopping import cancel_on_signals
from console.schema.errors import NothingToDo
from console.schema.plan import Plan, make_plan
from console.schema.rehearsal import Rehearsal
from console.services.acceptances import accepted_of
from console.services.execution import rehearse_plan

if TYPE_CHECKING:
    from console.mount import Console


@click.command()
@click.argument("revision", default="head")
@target_option
@click.option("--allow-loss", is_flag=True, help="Exit with status 0 even where data is lost.")
@json_option
@pass_console
def rehearse(
    console: Console, revision: str, target: str | None, allow_loss: bool, as_json: bool
) -> None:
    """Try a plan, its way back, and the plan again on a clone of the database.

    REVISION is an id or its beginning, a label, head, heads, base, +1 or -1. The database itself is
    only read. Exits with status 1 if the plan fails on the clone or would lose data. Ctrl-C cancels
    it, and nothing of it is left.
    """
    chosen = target_of(console, target)
    try:
        plan = make_plan(chosen, revision)
    except NothingToDo as error:
        say(str(error))
        if as_json:
            write_json(None)
        return
    with Reporter() as progress, cancel_on_signals() as cancelled:
        ending = rehearse_plan(chosen, plan, console.settings.workspace, progress, cancelled)
    rehearsal = ending.rehearsal
    assert rehearsal is not None
    review, accepted = accepted_of(console.store, plan.digest)
    if as_json:
        found = {"hazards": ending.hazards, "review": review, "accepted": accepted}
        write_json({"plan": plan, "rehearsal": rehearsal, **found})
    else:
        for line in _lines(plan, rehearsal, hazard_lines(ending.hazards, review, accepted)):
            echo(line)
    _conclude(rehearsal, allow_loss)


def _conclude(rehearsal: Rehearsal, allow_loss: bool) -> None:
    """Refuse, in one line, what failed and what loses data."""
    if not rehearsal.succeeded:
        place = f" in {rehearsal.failed_revision}" if rehearsal.failed_revision else ""
        raise Refusal(f"The rehearsal failed{place}: {rehearsal.error}")
    losses = rehearsal.ledger.losses if rehearsal.ledger else ()
    if not losses:
        return
    if allow_loss:
        warn(f"Data would be lost: {'; '.join(losses)}.")
        return
    raise Refusal(f"Data would be lost: {'; '.join(losses)}. If it may be, say --allow-loss.")


def _lines(plan: Plan, rehearsal: Rehearsal, hazards: Iterable[str]) -> Iterator[str]:
    """A whole rehearsal, section by section."""
    yield from plan_lines(plan)
    took = f"{rehearsal.clone_milliseconds:,.0f} ms; the plan took {rehearsal.milliseconds:,.0f} ms"
    yield f"Rehearsed on a clone: {rehearsal.clone}, {took}."
    if rehearsal.sample is not None:
        yield rehearsal.sample.sentence
    if rehearsal.ledger is not None:
        yield from ("", "Data", *ledger_lines(rehearsal.ledger))
    if rehearsal.failed_statement:
        yield from ("", "It failed at", f"  {rehearsal.failed_statement}")
    if rehearsal.difference:
        yield from ("", "Schema", *difference_lines(rehearsal.difference))
    if locks := [(step.revision, lock) for step in rehearsal.steps for lock in step.locks]:
        yield from ("", "Locks", *(f"  {revision}: {lock.sentence}" for revision, lock in locks))
    if rehearsal.leftovers:
        yield from ("", "Left behind", *(f"  {name}" for name in rehearsal.leftovers))
    if rehearsal.way_back is not None:
        yield from ("", "The way back", f"  {rehearsal.way_back.sentence}")
        if rehearsal.way_back.again is not None:
            yield f"  {rehearsal.way_back.again.sentence}"
    if rehearsal.compatibility is not None:
        yield from ("", "Which goes first", f"  {rehearsal.compatibility.sentence}")
    if found := tuple(hazards):
        yield from ("", "Hazards", *found)
