"""drift: where the models, the database and the history disagree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from console.cli.context import pass_console, target_of, target_option
from console.cli.errors import UNREADABLE, Refusal, database_sentence
from console.cli.output import Reporter, echo, json_option, write_json
from console.cli.render import difference_lines
from console.cli.stopping import cancel_on_signals
from console.schema.drift import Comparison, Drift, find_drift
from console.schema.errors import RunCancelled
from console.schema.listing import place
from console.schema.wire import encode

if TYPE_CHECKING:
    from console.mount import Console


@click.command()
@target_option
@click.option("--check", is_flag=True, help="Exit with status 1 if anything disagrees.")
@json_option
@pass_console
def drift(console: Console, target: str | None, check: bool, as_json: bool) -> None:
    """Compare the models, the database and the history.

    The database is only read. The history is run, and the models are created, on empty databases
    that are gone afterwards, also after Ctrl-C. Exits with status 1 if a database cannot be read; the
    others are compared all the same.
    """
    chosen = [target_of(console, target)] if target else list(console.targets.values())
    found: list[Drift] = []
    unread: dict[str, str] = {}
    with cancel_on_signals() as cancelled, Reporter() as progress:
        for one in chosen:
            try:
                found.append(find_drift(one, progress=progress, cancelled=cancelled))
            except RunCancelled:
                raise
            except UNREADABLE as error:
                if target:
                    raise
                unread[one.name] = database_sentence(error)
    if as_json:
        data = [encode(each) | {"is_clean": each.is_clean} for each in found]
        write_json([*data, *({"target": name, "error": said} for name, said in unread.items())])
    else:
        for each in found:
            for line in drift_lines(each):
                echo(line)
        for name, said in unread.items():
            echo(f"{name}\n  It cannot be compared: {said}")
    refusals = [*_refusals(found)] if check else []
    if unread:
        refusals.append(f"These cannot be read: {', '.join(unread)}.")
    if refusals:
        raise Refusal(" ".join(refusals))


def _refusals(found: Iterable[Drift]) -> Iterator[str]:
    """What --check has against it: drift, and what may have it without anybody knowing."""
    if drifting := [each.target for each in found if each.is_there]:
        yield f"There is drift in {', '.join(drifting)}."
    if unknown := [each.target for each in found if not (each.is_clean or each.is_there)]:
        yield f"Not everything could be compared in {', '.join(unknown)}."


def drift_lines(drift: Drift) -> Iterator[str]:
    """Both comparisons of a target, each with what to do about it."""
    yield drift.target
    stands = place(drift.heads)
    yield from _lines(
        drift.history,
        f"The database is what its history makes up to {stands}.",
        f"The database is not what its history makes up to {stands}. Somebody changed it by hand:",
    )
    if drift.models_against == "history":
        with_what = f"what the history makes with its {len(drift.pending)} pending revision(s)"
    else:
        with_what = "the database"
    yield from _lines(
        drift.models,
        f"The models and {with_what} agree.",
        f"The models differ from {with_what}. To become what they say, this has to happen:",
    )


def _lines(comparison: Comparison, agreed: str, disagreed: str) -> Iterator[str]:
    if comparison.error is not None:
        yield f"  It cannot be compared: {comparison.error}"
        return
    if comparison.is_clean:
        yield f"  {agreed}"
        return
    yield f"  {disagreed}"
    yield from (f"    {line}" for line in difference_lines(comparison.difference))
    yield from (f"  A rename? {suspicion}" for suspicion in comparison.suspicions)
    if comparison.passed_over:
        yield "  `makemigrations` does not write these; write them by hand:"
        yield from (f"    {line}" for line in comparison.passed_over)
