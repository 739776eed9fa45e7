"""check: what is wrong with the settings, the databases and the histories, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import click
from sqlalchemy.exc import SQLAlchemyError

from console.cli.context import pass_console
from console.cli.errors import database_sentence
from console.cli.output import echo, json_option, problem_line, say, write_json
from console.cli.pending import pending_revisions
from console.schema.errors import SchemaError
from console.schema.history import read_history
from console.schema.standing import read_standing
from console.services.errors import ServiceError
from console.services.runner import runner_status
from console.services.standing import lost_file
from console.store.unavailable import StoreUnavailable
from console.store.upgrade import is_current

if TYPE_CHECKING:
    from console.mount import Console
    from console.schema.target import Target

COLOURS = {"error": "red", "warning": "yellow"}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be, and the way out."""

    level: Literal["error", "warning"]
    code: str
    text: str
    hint: str


@click.command()
@json_option
@pass_console
@click.pass_context
def check(ctx: click.Context, console: Console, as_json: bool) -> None:
    """Look for mistakes, and say the way out.

    It reads the settings, the console's own database, the worker's sign of life, and the history
    and reach of every managed database. Exits with status 1 when there are errors; warnings alone do not count.
    """
    findings = tuple(find(console))
    if as_json:
        write_json(findings)
    for finding in () if as_json else findings:
        click.secho(f"{finding.level}: {finding.code}: ", nl=False, fg=COLOURS[finding.level])
        echo(f"{finding.text} {finding.hint}")
    errors = sum(finding.level == "error" for finding in findings)
    if not findings:
        say("Nothing found: settings, databases and histories are in order.")
    else:
        say(f"{errors} error(s), {len(findings) - errors} warning(s).")
    ctx.exit(1 if errors else 0)


def find(console: Console) -> Iterator[Finding]:
    """Everything that is not as it should be, by area. (Settings are checked before there is a console.)"""
    yield from check_store(console)
    for target in console.targets.values():
        yield from check_file(console, target)
        yield from check_target(target)


def check_store(console: Console) -> Iterator[Finding]:
    """Whether the console's own database can be reached and used, and somebody works off its runs."""
    try:
        if not is_current(console.store):
            yield Finding(
                "error",
                "store-behind",
                "The console's own database is not up to date.",
                "Run `manage.py migrate`.",
            )
            return
        status = runner_status(console.store)
    except (SQLAlchemyError, ServiceError, SchemaError) as error:
        yield Finding(
            "error", "store-unreachable", database_sentence(error), "Check CONSOLE_STORE_URL."
        )
        return
    if not status.is_alive:
        seen = (
            f"was last seen at {status.seen_at:%Y-%m-%d %H:%M} UTC"
            if status.seen_at
            else "never ran"
        )
        yield Finding(
            "warning",
            "worker-not-running",
            f"The worker {seen}, so rehearsals and runs wait.",
            "Start it with `manage.py worker`.",
        )


def check_file(console: Console, target: Target) -> Iterator[Finding]:
    """Whether the file of an SQLite database is still there."""
    try:
        lost = lost_file(console.store, target) if is_current(console.store) else None
    except (SQLAlchemyError, ServiceError, SchemaError, StoreUnavailable):
        return  # said already
    if lost:
        yield Finding("error", "database-gone", lost, "Or let `manage.py migrate` make a new one.")


def check_target(target: Target) -> Iterator[Finding]:
    """Whether one history can be read, has one head, and fits its database."""
    name = target.name
    try:
        history = read_history(target)
    except (SchemaError, OSError) as error:
        yield Finding(
            "error", "history-unreadable", f"{name}: {error}", "Check the script location."
        )
        return
    for problem in history.problems:
        yield Finding(
            "error", problem.code, f"{name}: {problem_line(problem)}", _hint(problem.code)
        )
    try:
        standing = read_standing(target, history)
        pending = pending_revisions(target) if not history.problems else ()
    except (SQLAlchemyError, SchemaError) as error:
        yield Finding(
            "error", "database-unreachable", f"{name}: {database_sentence(error)}", "Check its URL."
        )
        return
    if standing.unknown:
        yield Finding(
            "error",
            "unknown-revision",
            f"{name}: the database stands at {', '.join(standing.unknown)}, which no file carries.",
            "Bring the missing files back from version control.",
        )
    if pending:
        yield Finding(
            "warning",
            "unapplied-migrations",
            f"{name}: {len(pending)} migration(s) are not applied.",
            "Run `manage.py migrate`, or review them in the console.",
        )


def _hint(code: str) -> str:
    if code == "multiple-heads":
        return "Merge them with `manage.py db merge heads`."
    return "Mend the file, or bring it back from version control."
