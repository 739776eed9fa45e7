"""test: run the tests in this environment."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import click

from console.cli.errors import Refusal


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def test(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """Run the tests.

    Every argument is pytest's.
    """
    if not find_spec("pytest"):
        raise Refusal("pytest is not installed; run `make test`, which installs it.")
    ended = subprocess.run([sys.executable, "-m", "pytest", *arguments])  # noqa: S603 - ours
    ctx.exit(ended.returncode)
