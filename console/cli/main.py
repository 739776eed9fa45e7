"""The command line itself: every command, loaded when it is called."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from importlib import import_module

import click
from flask import Flask
from flask.cli import ScriptInfo

from console import __version__
from console.cli.context import SEED
from console.cli.errors import one_line_errors
from console.cli.stopping import stopped_on_signals
from console.host import load_application

# Each command with the module that has it: a command costs only its own imports.
COMMANDS = {
    "baseline": "console.cli.baseline",
    "changepassword": "console.cli.accounts",
    "check": "console.cli.check",
    "createsuperuser": "console.cli.accounts",
    "db": "flask_migrate.cli",
    "demo": "console.cli.demo",
    "doctor": "console.cli.doctor",
    "drift": "console.cli.drift",
    "lint": "console.cli.lint",
    "makemigrations": "console.cli.makemigrations",
    "migrate": "console.cli.migrate",
    "plan": "console.cli.plan",
    "rehearse": "console.cli.rehearse",
    "runserver": "console.cli.runserver",
    "shell": "console.cli.shell",
    "showmigrations": "console.cli.showmigrations",
    "sqlmigrate": "console.cli.sqlmigrate",
    "test": "console.cli.test",
    "worker": "console.cli.worker",
}


class Commands(click.Group):
    """The group of all commands, and of those that the application itself brings (`app.cli`)."""

    make_app: Callable[[], Flask]
    seed: Callable[[], bool] | None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give every call an application of its own, not yet made."""
        ctx.obj = ScriptInfo(create_app=self.make_app, set_debug_flag=False)
        ctx.obj.data[SEED] = self.seed
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names for `--help`."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; the application is only asked for what is not ours."""
        if module := COMMANDS.get(cmd_name):
            found: click.Command = getattr(import_module(module), cmd_name)
            return found
        app = ctx.ensure_object(ScriptInfo).load_app()
        return app.cli.get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command, every expected error being one line."""
        _print_everything()
        with stopped_on_signals(), one_line_errors():
            return super().invoke(ctx)


def _print_everything() -> None:
    """Write a sign that standard output does not have as its number: what a revision is called, or a file,
    must not end a command."""
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper) and out.errors in ("strict", "surrogateescape"):
        out.reconfigure(errors="backslashreplace")


def command_line(
    application: str | Callable[[], Flask], *, seed: Callable[[], bool] | None = None
) -> Commands:
    """The command line for an application: a factory, or where to import one ("module:name").

    `seed` fills empty tables with demonstration data, inside the application's context, and says
    whether it did; `demo` calls it. The environment's CONSOLE_APP wins over a name, and is set
    to it otherwise.
    """

    def make() -> Flask:
        if callable(application):
            return application()
        # the processes that run migrations have to find the same application
        os.environ["CONSOLE_APP"] = os.environ.get("CONSOLE_APP") or application
        return load_application(os.environ["CONSOLE_APP"])

    @click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
    @click.version_option(version=__version__, prog_name="console")
    def main() -> None:
        """The admin console for Flask: serve it, migrate what it manages, look after it."""

    assert isinstance(main, Commands)
    main.make_app, main.seed = make, seed
    return main
