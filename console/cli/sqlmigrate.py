"""sqlmigrate: the SQL of one revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.context import pass_console, target_of, target_option
from console.cli.output import json_option, write_json
from console.schema.history import read_history
from console.schema.statement import compile_statements

if TYPE_CHECKING:
    from console.mount import Console


@click.command()
@click.argument("revision")
@target_option
@click.option("--backwards", is_flag=True, help="Print the SQL of its downgrade.")
@json_option
@pass_console
def sqlmigrate(
    console: Console, revision: str, target: str | None, backwards: bool, as_json: bool
) -> None:
    """Print the SQL of a revision.

    REVISION is an id or its beginning, a label, or head. The SQL is captured on an empty clone; no
    database is touched.
    """
    chosen = target_of(console, target)
    history = read_history(chosen)
    if revision == "head" and len(history.heads) == 1:
        revision = history.heads[0]
    found = history.find(revision)
    statements = compile_statements(chosen, found.id, "down" if backwards else "up")
    if as_json:
        write_json(statements)
        return
    click.echo(f"-- {found.id} {found.message}{' (downgrade)' if backwards else ''}")
    for statement in statements:
        click.echo(statement.sql.rstrip().rstrip(";") + ";")
        if statement.parameters:
            click.echo(f"-- with {statement.parameters}")
