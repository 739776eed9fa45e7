"""What a command gets to work with: the application with its console, made when it is first asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click
from flask.cli import ScriptInfo

from console.cli.errors import Refusal

if TYPE_CHECKING:
    from flask import Flask

    from console.mount import Console
    from console.schema.target import Target

P = ParamSpec("P")
R = TypeVar("R")
SEED = "console.seed"  # where the script's own data keeps the function that seeds, if there is one


def current_app() -> Flask:
    """The application of this script."""
    return click.get_current_context().ensure_object(ScriptInfo).load_app()


def current_console() -> Console:
    """The console mounted on it; Refusal if there is none."""
    console: Console | None = current_app().extensions.get("console")
    if console is None:
        raise Refusal("This application has no console; mount one with Console(app, db).")
    return console


def current_seed() -> Callable[[], bool] | None:
    """The function that fills empty tables with demonstration data, if the script has one."""
    seed: Callable[[], bool] | None = (
        click.get_current_context().ensure_object(ScriptInfo).data.get(SEED)
    )
    return seed


def pass_console(command: Callable[Concatenate[Console, P], R]) -> Callable[P, R]:
    """Call `command` with the console first, inside the application's context."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        console = current_console()
        with current_app().app_context():
            return command(console, *args, **kwargs)

    return wrapper


def target_of(console: Console, name: str | None) -> Target:
    """The target called `name`; without a name the only one there is. Refusal names those there are."""
    targets = console.targets
    if name is None and len(targets) == 1:
        return next(iter(targets.values()))
    if (found := targets.get(name or "default")) is not None:
        return found
    names = ", ".join(sorted(targets))
    if name is None:
        raise Refusal(f"There are several databases; choose one with --target: {names}.")
    raise Refusal(f"There is no database '{name}'; choose one with --target: {names}.")


def target_option(command: Callable[P, R]) -> Callable[P, R]:
    """Add `--target`, for applications with several databases; `--database` is Django's word for it."""
    return click.option(
        "--target",
        "--database",
        "target",
        metavar="NAME",
        help="Which database, if there are several.",
    )(command)
