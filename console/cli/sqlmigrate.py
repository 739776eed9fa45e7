"""sqlmigrate: the SQL of one revision."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from console.cli.context import pass_console, target_of, target_option
from console.cli.output import echo, json_option, write_json
from console.services.revisions import sql_of

if TYPE_CHECKING:
    from console.mount import Console


@click.command()
@click.argument("revision")
@target_option
@click.option("--backwards", is_flag=True, help="Print the SQL of its downgrade.")
@click.option("--offline", is_flag=True, help="Let Alembic write it, without any server.")
@json_option
@pass_console
def sqlmigrate(
    console: Console,
    revision: str,
    target: str | None,
    backwards: bool,
    offline: bool,
    as_json: bool,
) -> None:
    """Print the SQL of a revision.

    REVISION is an id or its beginning, a label, or head. The SQL is captured on an empty clone; no
    database is touched. With --offline no server is needed, as far as the revision asks for none.
    """
    chosen = target_of(console, target)
    found, statements = sql_of(chosen, revision, backwards=backwards, offline=offline)
    if as_json:
        write_json(statements)
        return
    echo(f"-- {found.id} {found.message}{' (downgrade)' if backwards else ''}")
    show = echo if sys.stdout.isatty() else click.echo  # a program gets what would be executed
    for statement in statements:
        show(statement.sql.rstrip().rstrip(";") + ";")
        if statement.parameters:
            echo(f"-- with {statement.parameters}")
