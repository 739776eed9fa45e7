"""showmigrations: the history of every database, and how far each has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from console.cli.context import pass_console, target_of, target_option
from console.cli.errors import UNREADABLE, Refusal, database_sentence
from console.cli.graph import draw
from console.cli.output import echo, json_option, problem_line, warn, write_json
from console.schema.graph import lay_out
from console.schema.history import History, read_history
from console.schema.revision import Revision
from console.schema.standing import Standing, read_standing

if TYPE_CHECKING:
    from console.mount import Console

HERE = "  <- the database stands here"
DOTS = {"X": "●", " ": "○", "!": "✗"}


@click.command()
@target_option
@click.option("--graph", is_flag=True, help="Draw branches and merges, newest revision first.")
@json_option
@pass_console
def showmigrations(console: Console, target: str | None, graph: bool, as_json: bool) -> None:
    """List revisions, the applied ones marked.

    Oldest first: [X] applied, [ ] not, [!] cannot be read, [?] applied without a file. Exits with status
    1 if a database cannot be read; the others are listed all the same.
    """
    chosen = [target_of(console, target)] if target else list(console.targets.values())
    listed, unread = [], []
    for one in chosen:
        history = read_history(one)
        try:
            standing = read_standing(one, history)
        except UNREADABLE as error:
            if target:
                raise
            unread.append(one.name)
            said = database_sentence(error)
            listed.append({"target": one.name, "error": said})
            if not as_json:
                echo(f"{one.name}\n (cannot be read)")
            warn(f"{one.name}: {said}")
            continue
        if as_json:
            listed.append(_as_data(one.name, history, standing, graph))
        else:
            _print(one.name, history, standing, graph)
    if as_json:
        write_json(listed)
    if unread:
        raise Refusal(f"Where these stand cannot be told: {', '.join(unread)}.")


def _as_data(name: str, history: History, standing: Standing, graph: bool) -> dict[str, Any]:
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
                "depends_on": revision.depends_on,
                "labels": revision.labels,
                "is_applied": revision.id in standing.applied,
                "is_broken": revision.is_broken,
            }
            for revision in reversed(history.revisions)
        ],
        "problems": history.problems,
        **({"graph": lay_out(history)} if graph else {}),
    }


def _print(name: str, history: History, standing: Standing, graph: bool) -> None:
    echo(name)
    if graph:
        _print_graph(history, standing)
    else:
        for revision in reversed(history.revisions):
            echo(f" [{_mark(revision, standing)}] {_line(revision, standing)}")
    for unknown in standing.unknown:
        echo(f" [?] {unknown}  applied, and no revision file carries it")
    if not history.revisions:
        echo(" (no migrations)")
    for problem in history.problems:
        warn(f"{name}: {problem_line(problem)}")


def _print_graph(history: History, standing: Standing) -> None:
    """Draw the history; ● is applied, ○ is not, ✗ cannot be read."""
    rows = lay_out(history)
    marks = {r.id: DOTS[_mark(r, standing)] for r in history.revisions}
    width = 2 * max((row.lanes for row in rows), default=0)
    for characters, name in draw(rows, marks):
        said = "" if name is None else _line(history.by_id[name], standing)
        echo(f" {characters:<{width}} {said}".rstrip())


def _mark(revision: Revision, standing: Standing) -> str:
    return "!" if revision.is_broken else "X" if revision.id in standing.applied else " "


def _line(revision: Revision, standing: Standing) -> str:
    labels = f" ({', '.join(revision.labels)})" if revision.labels else ""
    here = HERE if revision.id in standing.heads else ""
    return f"{revision.id}{labels}  {revision.message}{here}"
