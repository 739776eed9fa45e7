"""rehearse: run a plan and its way back on a clone, and say what would become of the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from console.cli.context import pass_console, target_of, target_option
from console.cli.errors import Refusal
from console.cli.output import Reporter, json_option, say, warn, write_json
from console.cli.render import difference_lines, hazard_lines, ledger_lines, plan_lines
from console.schema.errors import NothingToDo
from console.schema.plan import Plan, make_plan
from console.schema.rehearsal import Rehearsal
from console.services.ending import Ending
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
    """Try a plan and its way back on a clone of the database.

    REVISION is an id or its beginning, a label, head, heads, base, +1 or -1. The database itself is
    only read. Exits with status 1 if the plan fails on the clone or would lose data.
    """
    chosen = target_of(console, target)
    try:
        plan = make_plan(chosen, revision)
    except NothingToDo as error:
        say(str(error))
        if as_json:
            write_json(None)
        return
    with Reporter() as progress:
        ending = rehearse_plan(chosen, plan, console.settings.workspace, progress)
    rehearsal = ending.rehearsal
    assert rehearsal is not None
    if as_json:
        write_json({"plan": plan, "rehearsal": rehearsal, "hazards": ending.hazards})
    else:
        for line in _lines(plan, rehearsal, ending):
            click.echo(line)
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


def _lines(plan: Plan, rehearsal: Rehearsal, ending: Ending) -> Iterator[str]:
    """A whole rehearsal, section by section."""
    yield from plan_lines(plan)
    took = f"{rehearsal.clone_milliseconds:,.0f} ms; the plan took {rehearsal.milliseconds:,.0f} ms"
    yield f"Rehearsed on a clone: {rehearsal.clone}, {took}."
    if rehearsal.ledger is not None:
        yield from ("", "Data", *ledger_lines(rehearsal.ledger))
    if rehearsal.failed_statement:
        yield from ("", "It failed at", f"  {rehearsal.failed_statement}")
    if rehearsal.difference:
        yield from ("", "Schema", *difference_lines(rehearsal.difference))
    if rehearsal.leftovers:
        yield from ("", "Left behind", *(f"  {name}" for name in rehearsal.leftovers))
    if rehearsal.way_back is not None:
        yield from ("", "The way back", f"  {_way_back(rehearsal)}")
    if rehearsal.compatibility is not None:
        yield from ("", "Which goes first", f"  {rehearsal.compatibility.sentence}")
    if ending.hazards:
        yield from ("", "Hazards", *hazard_lines(ending.hazards))


def _way_back(rehearsal: Rehearsal) -> str:
    """What became of the clone on the way back, in a sentence."""
    back = rehearsal.way_back
    assert back is not None
    if not back.works:
        return f"It does not work: {back.error}"
    if back.ledger is not None and back.ledger.losses:
        return f"It works, and loses {'; '.join(back.ledger.losses)}."
    if back.ledger is not None and not back.ledger.is_clean:
        return "It works, and leaves some values changed."
    if back.difference:
        return "It works and keeps the data, but the schema is not what it was."
    return "It works, and everything is as it was before."
