"""makemigrations: write the revision that brings a database to the models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.context import pass_console, target_of, target_option
from console.cli.errors import Refusal
from console.cli.output import echo, json_option, say, warn, write_json
from console.services.revisions import draft_revision, missing_operations

if TYPE_CHECKING:
    from console.mount import Console


@click.command()
@click.option("-m", "--message", default="", help="What the revision does, in a few words.")
@target_option
@click.option(
    "--check", is_flag=True, help="Exit with status 1 if a revision is missing; write nothing."
)
@click.option("--empty", is_flag=True, help="Write a revision to fill in by hand.")
@click.option(
    "--head", metavar="REVISION", help="What it follows, if the history has several heads."
)
@json_option
@pass_console
def makemigrations(
    console: Console,
    message: str,
    target: str | None,
    check: bool,
    empty: bool,
    head: str | None,
    as_json: bool,
) -> None:
    """Write the revision that the models need.

    The models are compared with the database; what differs becomes a revision to read and edit.
    """
    chosen = target_of(console, target)
    if check:
        missing = missing_operations(chosen)
        if as_json:
            write_json(missing)
        else:
            _print_operations(missing)
        if missing:
            raise Refusal(
                "The models have changes without a revision. Run `manage.py makemigrations`."
            )
        say("No changes detected.")
        return
    made = draft_revision(chosen, message=message, empty=empty, head=head)
    if as_json:
        write_json(made)
        return
    if made.path is None:
        say("No changes detected.")
        return
    echo(str(made.path))
    _print_operations(made.operations)
    for warning in made.warnings:
        warn(warning)
    say("Read and edit it before anything else: a comparison does not see every change.")


def _print_operations(operations: tuple[str, ...]) -> None:
    for operation in operations:
        echo(f"  - {operation}")
