"""shell: a Python shell with the application at hand."""

from __future__ import annotations

import code
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from console.cli.context import current_app, pass_console

if TYPE_CHECKING:
    from console.mount import Console


@click.command()
@click.option("-c", "--command", help="Run this instead, and leave.")
@click.option("--plain", is_flag=True, help="Python's own shell even where IPython is installed.")
@pass_console
def shell(console: Console, command: str | None, plain: bool) -> None:
    """Open a Python shell.

    app, db, console and every model are at hand.
    """
    names = shell_names(console)
    if command is not None or not sys.stdin.isatty():
        source = command if command is not None else sys.stdin.read()
        exec(compile(source, "<shell>", "exec"), names)  # noqa: S102 - what a shell is for
        return
    banner = f"Console shell: {', '.join(sorted(names))}"
    if not plain and find_spec("IPython"):
        from IPython import start_ipython  # type: ignore[import-not-found,unused-ignore]  # not required

        click.echo(banner, err=True)
        start_ipython(argv=["--no-banner"], user_ns=names)
        return
    code.interact(banner=banner, local=names, exitmsg="")


def shell_names(console: Console) -> dict[str, Any]:
    """What a shell starts with: the application, its database and models, and the console."""
    app = current_app()
    db = app.extensions["sqlalchemy"]
    models = {mapper.class_.__name__: mapper.class_ for mapper in db.Model.registry.mappers}
    return {**models, "app": app, "db": db, "console": console}
