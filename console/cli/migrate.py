"""migrate: take a database to a revision, rehearsed on a clone first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.context import pass_console, target_of, target_option
from console.cli.errors import Refusal
from console.cli.output import Reporter, echo, json_option, say, warn, write_json
from console.cli.render import plan_lines
from console.cli.stopping import cancel_on_signals
from console.schema.errors import NothingToDo
from console.schema.plan import Plan, make_plan
from console.schema.rehearsal import Outcome
from console.services.approved import apply_approved, find_approved
from console.services.execution import Workshop
from console.services.migrate import migrate_now
from console.services.recovery import recover
from console.services.runs import get_run
from console.services.standing import lost_file
from console.store.upgrade import upgrade_store

if TYPE_CHECKING:
    from console.mount import Console
    from console.schema.target import Target

ACTOR = "Command line"


@click.command()
@click.argument("revision", default="head")
@target_option
@click.option("--plan", "show_plan", is_flag=True, help="Print what would run, and do nothing.")
@click.option(
    "--check", is_flag=True, help="Exit with status 1 if a revision is missing; do nothing."
)
@click.option("--no-rehearsal", is_flag=True, help="Apply without trying it on a clone first.")
@json_option
@pass_console
def migrate(
    console: Console,
    revision: str,
    target: str | None,
    show_plan: bool,
    check: bool,
    no_rehearsal: bool,
    as_json: bool,
) -> None:
    """Take a database to a revision.

    REVISION is an id or its beginning, a label, head, base, +1 or -1. The console's own database is brought up to date first. The plan is rehearsed on a clone, then
    applied as one transaction under a lock, and the ledger says what became of the data.
    """
    goal = revision
    chosen = target_of(console, target)
    plan = _plan(chosen, goal)
    if show_plan:
        write_json(plan) if as_json else _print_plan(plan)
    if check:
        if plan is not None:
            raise Refusal(
                f"{len(plan.steps)} migration(s) have not been applied. Run `manage.py migrate`."
            )
        return
    if show_plan:
        return
    upgrade_store(console.store)
    _recover(console, chosen)
    if plan is None:
        say(f"Nothing to do: '{chosen.name}' stands at {goal} already.")
        return
    if lost := lost_file(console.store, chosen):
        warn(lost)
    outcome = _apply(console, plan, rehearse=not no_rehearsal)
    if as_json:
        write_json(outcome)
    else:
        _print_outcome(plan, outcome)


def _recover(console: Console, target: Target) -> None:
    """Bring to an end what a process that died has begun on this database: there may be no worker."""
    workshop = Workshop(console.store, console.targets, console.settings.workspace)
    for run_id in recover(workshop, target.name):
        said = get_run(console.store, run_id)
        warn(" ".join(filter(None, (f"Run {run_id} had died.", said.error, said.note))))


def _plan(target: Target, goal: str) -> Plan | None:
    try:
        return make_plan(target, goal)
    except NothingToDo:
        return None


def _apply(console: Console, plan: Plan, *, rehearse: bool) -> Outcome:
    """Apply the plan: as its review, if one was approved; without one if the settings let it."""
    review = find_approved(console.store, console.targets, plan, console.policy)
    workspace = console.settings.workspace
    with Reporter() as progress, cancel_on_signals() as cancelled:
        if review is not None:
            say(f"Review {review.id} approved this plan: {review.title}")
            return apply_approved(
                console.store,
                console.targets,
                review,
                actor_name=ACTOR,
                workspace=workspace,
                policy=console.policy,
                progress=progress,
                cancelled=cancelled,
            )
        if not console.policy.unreviewed:
            raise Refusal(
                f"Nobody approved this plan (digest {plan.digest[:12]}). Open a review of it at "
                f"{console.url_prefix}/reviews/new, or set CONSOLE_MIGRATE_WITHOUT_REVIEW=yes."
            )
        return migrate_now(
            console.store,
            console.targets,
            target=plan.target,
            goal=plan.goal,
            actor_name=ACTOR,
            workspace=workspace,
            progress=progress,
            rehearse=rehearse,
            cancelled=cancelled,
        )


def _print_plan(plan: Plan | None) -> None:
    if plan is None:
        echo("Nothing to do.")
        return
    for line in plan_lines(plan):
        echo(line)


def _print_outcome(plan: Plan, outcome: Outcome) -> None:
    messages = {step.revision: step.message for step in plan.steps}
    done = "Applied" if plan.direction == "up" else "Undid"
    for step in outcome.steps:
        took = f"{step.milliseconds:,.0f} ms"
        echo(f"{done} {step.revision} {messages.get(step.revision, '')} ({took})")
    echo(outcome.ledger.verdict)
    for loss in outcome.ledger.losses:
        warn(loss)
    for growth in outcome.ledger.more:
        warn(growth)
