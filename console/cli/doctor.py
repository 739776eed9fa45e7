"""doctor: what a crash or a hand left behind, and the ways out of it on request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from console.cli.approver import approver_option, identified
from console.cli.context import pass_console, target_of, target_option
from console.cli.errors import UNREADABLE, Refusal, database_sentence
from console.cli.output import Reporter, echo, json_option, say, write_json
from console.cli.stopping import cancel_on_signals
from console.schema.cancel import Cancelled, never
from console.schema.visible import visible
from console.services.account import Account
from console.services.ailment import Ailment, Remedy, RemedyKind
from console.services.doctor import examine, examine_runs, examine_workspace
from console.services.execution import Workshop
from console.store.upgrade import upgrade_store

if TYPE_CHECKING:
    from console.mount import Console

ACTOR = "Command line"


@click.command()
@target_option
@click.option("--fix", is_flag=True, help="Ask for each finding what to do about it.")
@click.option("--resume", is_flag=True, help="Bring in the rest of what is applied in part.")
@click.option("--undo", is_flag=True, help="Take out what is applied in part.")
@click.option("--stamp", is_flag=True, help="Stamp what stands elsewhere than it says.")
@click.option("--yes", is_flag=True, help="With one of these: do not ask.")
@approver_option
@json_option
@pass_console
@click.pass_context
def doctor(
    ctx: click.Context,
    console: Console,
    target: str | None,
    fix: bool,
    resume: bool,
    undo: bool,
    stamp: bool,
    yes: bool,
    approver: str | None,
    as_json: bool,
) -> None:
    """Look after a crash: say where every database really stands.

    Waits for sessions that change a schema. The schema is held against the history, run on an empty
    database; what is applied in part is told statement by statement, and the ways out are tried on a
    clone. Nothing is changed without --fix, --resume, --undo or --stamp. Where reviews decide, what no
    review approved takes an --approver. Exits with status 1 while something is left to do.
    """
    upgrade_store(console.store)
    allowing = identified(console, approver)
    kinds: dict[RemedyKind, bool] = {"resume": resume, "undo": undo, "stamp": stamp}
    wish = Wish(fix, frozenset(kind for kind, is_wanted in kinds.items() if is_wanted), yes)
    found, left, taking = [], 0, Taking()
    # one after the other: curing one may be what the next is found by
    for ailment in _examine(console, target, Reporter(), allowing, taking.is_cancelled):
        found.append(ailment)
        if not as_json:
            _print(ailment)
        remedy = wish.choose(ailment)
        if remedy is None or remedy.take is None:
            left += 1
            continue
        taking.take(remedy)
    if as_json:
        write_json([_as_data(ailment) for ailment in found])
    if not found:
        say("Nothing found: every database stands where its version table says.")
    elif left and not wish:
        say(f"{left} finding(s). `manage.py doctor --fix` asks what to do about each.")
    ctx.exit(1 if left else 0)


class Taking:
    """Takes remedies. Ctrl-C and SIGTERM cancel what may take long, and never come between a change and
    its line in the audit trail."""

    def __init__(self) -> None:
        self._cancelled: Cancelled = never

    def is_cancelled(self) -> bool:
        """Whether the end was asked for since a remedy is being taken."""
        return self._cancelled()

    def take(self, remedy: Remedy) -> None:
        """Take it, and say so. Raises Refusal where it was to be the last."""
        assert remedy.take is not None
        with cancel_on_signals() as self._cancelled:
            remedy.take()
        say(f"Done: {remedy.text}")
        if self._cancelled():
            raise Refusal("It was stopped after that. What else there may be was not looked at.")


@dataclass(frozen=True)
class Wish:
    """What the person who called wants: to be asked, or certain kinds of remedies."""

    fix: bool
    kinds: frozenset[RemedyKind]
    yes: bool

    def __bool__(self) -> bool:
        return self.fix or bool(self.kinds)

    def choose(self, ailment: Ailment) -> Remedy | None:
        """The remedy to take; None for none. Where several are left, only a person chooses."""
        possible = [r for r in ailment.possible if self.fix or r.kind in self.kinds]
        if self.kinds:
            possible = [r for r in possible if r.kind in self.kinds] or (
                possible if self.fix else []
            )
        if not self or not possible:
            return None
        if len(possible) == 1:
            return possible[0] if self.yes or self._confirm(possible[0]) else None
        return None if self.yes else _pick(ailment, possible)

    def _confirm(self, remedy: Remedy) -> bool:
        return click.confirm(f"  {visible(remedy.text)} Do it?", err=True)


def _pick(ailment: Ailment, possible: list[Remedy]) -> Remedy | None:
    """Ask for the number of one of several remedies."""
    numbers = {str(ailment.remedies.index(remedy) + 1): remedy for remedy in possible}
    choices = click.Choice(["0", *numbers])
    answer = click.prompt("  Which one? 0 is none", type=choices, default="0", err=True)
    return numbers.get(answer)


def _examine(
    console: Console,
    target: str | None,
    progress: Reporter,
    approver: Account | None,
    cancelled: Cancelled,
) -> Iterator[Ailment]:
    workshop = Workshop(console.store, console.targets, console.settings.workspace, console.policy)
    chosen = [target_of(console, target)] if target else list(console.targets.values())
    yield from examine_runs(workshop)
    for one in chosen:
        try:
            yield from examine(
                workshop,
                one,
                actor_name=ACTOR,
                approver=approver,
                progress=progress,
                cancelled=cancelled,
            )
        except UNREADABLE as error:
            if target:
                raise
            yield Ailment("database-unreachable", one.name, database_sentence(error))
    yield from examine_workspace(workshop)


def _as_data(ailment: Ailment) -> dict[str, object]:
    return {
        "code": ailment.code,
        "subject": ailment.subject,
        "text": ailment.text,
        "details": ailment.details,
        "advice": ailment.advice,
        "is_curable": bool(ailment.possible),
        "remedies": [
            {
                "number": number,
                "kind": remedy.kind,
                "text": remedy.text,
                "preview": remedy.preview,
                "effect": remedy.effect,
                "refusal": remedy.refusal,
            }
            for number, remedy in enumerate(ailment.remedies, 1)
        ],
    }


def _print(ailment: Ailment) -> None:
    echo(f"{ailment.code}: {ailment.subject}: {ailment.text}")
    for detail in ailment.details:
        echo(f"    {detail}")
    if ailment.advice:
        echo(f"  {ailment.advice}")
    for number, remedy in enumerate(ailment.remedies, 1):
        name = remedy.kind if remedy.kind in ("resume", "undo", "stamp") else ""
        echo(f"  {number}. {f'{name}: ' if name else ''}{remedy.text}")
        if remedy.refusal:
            echo(f"     Not possible: {remedy.refusal}")
        for sql in remedy.preview:
            echo(f"     | {' '.join(sql.split())}")
        for line in remedy.effect:
            echo(f"     {line}")
