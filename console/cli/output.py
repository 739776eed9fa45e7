"""How commands print: data on stdout, progress on stderr, colours only on a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import click
from rich.console import Console as Terminal
from rich.status import Status

from console.schema.progress import Event
from console.schema.revision import Problem
from console.schema.visible import visible
from console.schema.wire import encode

AS_JSON, WRITTEN = "console.as_json", "console.written"


def _note_json(ctx: click.Context, _parameter: click.Parameter, as_json: bool) -> bool:
    ctx.meta[AS_JSON] = as_json
    return as_json


json_option = click.option(
    "--json", "as_json", is_flag=True, callback=_note_json, help="Print JSON for programs."
)


def echo(text: str) -> None:
    """Print a line, with what would steer the terminal made visible; in JSON it means the same."""
    click.echo(visible(text))


def write_json(value: Any) -> None:
    """Print a value of the services as JSON."""
    if (ctx := click.get_current_context(silent=True)) is not None:
        ctx.meta[WRITTEN] = True
    echo(json.dumps(encode(value), indent=2, ensure_ascii=False, sort_keys=False))


def problem_line(problem: Problem) -> str:
    """A problem of a history in one line, beginning with the file's name if it is one file's."""
    name = f"{Path(problem.path).name}: " if problem.path else ""
    return f"{name}{problem.message}"


def say(text: str) -> None:
    """Print a sentence about what is going on, on stderr."""
    click.echo(visible(text), err=True)


def warn(text: str) -> None:
    """Print a warning on stderr, yellow on a terminal."""
    click.secho(visible(text), err=True, fg="yellow")


class Reporter:
    """A progress callback that prints each step on stderr as it ends.

    On a terminal the last line shows what is going on; elsewhere there are only whole lines.
    """

    SPOKEN = frozenset({"step-finished", "check", "ledger", "clone", "finished"})

    def __init__(self, *, verbose: bool = False) -> None:
        self.verbose = verbose
        self.terminal = Terminal(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self.status: Status | None = None

    def __enter__(self) -> Self:
        if self.terminal.is_terminal:
            self.status = self.terminal.status("Starting")
            self.status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.status is not None:
            self.status.stop()

    def __call__(self, event: Event) -> None:
        """Show one event of a rehearsal or a run."""
        if self.status is not None:
            self.status.update(_one_line(event))
        if self.verbose or event.kind in self.SPOKEN:
            self.terminal.print(f"  {_one_line(event)}")


def _one_line(event: Event) -> str:
    text = visible(" ".join(event.text.split()))
    counted = (
        f" ({event.done} of {event.total})" if event.total and event.kind != "finished" else ""
    )
    return (text if len(text) <= 160 else text[:159] + "…") + counted
