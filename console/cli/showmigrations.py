"""showmigrations: the history of every database, and how far each has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from console.cli.context import pass_console, target_of, target_option
from console.cli.output import json_option, problem_line, warn, write_json
from console.schema.history import History, Standing, read_history, read_standing

if TYPE_CHECKING:
    from console.mount import Console


@click.command()
@target_option
@json_option
@pass_console
def showmigrations(console: Console, target: str | None, as_json: bool) -> None:
    """List revisions, the applied ones marked.

    Oldest first: [X] applied, [ ] not, [!] cannot be read, [?] applied without a file.
    """
    chosen = [target_of(console, target)] if target else list(console.targets.values())
    listed = []
    for one in chosen:
        history = read_history(one)
        standing = read_standing(one, history)
        if as_json:
            listed.append(_as_data(one.name, history, standing))
        else:
            _print(one.name, history, standing)
    if as_json:
        write_json(listed)


def _as_data(name: str, history: History, standing: Standing) -> dict[str, Any]:
    return {
        "target": name,
        "heads": history.heads,
        "stands_at": standing.heads,
        "is_up_to_date": standing.is_up_to_date,
        "unknown": standing.unknown,
        "revisions": [
            {
                "id": revision.id,
                "message": revision.message,
                "parents": revision.parents,
                "labels": revision.labels,
                "is_applied": revision.id in standing.applied,
                "is_broken": revision.is_broken,
            }
            for revision in reversed(history.revisions)
        ],
        "problems": history.problems,
    }


def _print(name: str, history: History, standing: Standing) -> None:
    click.echo(name)
    for revision in reversed(history.revisions):
        mark = "!" if revision.is_broken else "X" if revision.id in standing.applied else " "
        here = "  <- the database stands here" if revision.id in standing.heads else ""
        click.echo(f" [{mark}] {revision.id}  {revision.message}{here}")
    for unknown in standing.unknown:
        click.echo(f" [?] {unknown}  applied, and no revision file carries it")
    if not history.revisions:
        click.echo(" (no migrations)")
    for problem in history.problems:
        warn(f"{name}: {problem_line(problem)}")
