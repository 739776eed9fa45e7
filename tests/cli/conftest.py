"""The command line as a person calls it, on an application of the test's own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from console.cli import command_line
from console.cli.main import Commands

ROOT = Path(__file__).resolve().parents[2]
Manage = Callable[..., Result]


@pytest.fixture
def manage() -> Manage:
    """`manage(app, "migrate", "--plan")` gives the result: exit_code, stdout, stderr."""

    def run(app: Flask | Callable[[], Flask], *arguments: str, **options: Any) -> Result:
        seed = options.pop("seed", None)
        make: Callable[[], Flask] = (lambda: app) if isinstance(app, Flask) else app
        main: Commands = command_line(make, seed=seed)
        result = CliRunner().invoke(main, arguments, prog_name="manage.py", **options)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def data_of(result: Result) -> Any:
    """What a command with --json printed."""
    return json.loads(result.stdout)


def put_revision(app: Flask, folder: Path, name: str, source: str) -> None:
    """Let `app` have a copy of its history, with one more file."""
    shutil.copytree(ROOT / "migrations", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / name).write_text(source)
    console = app.extensions["console"]
    target = console.targets["default"]
    console.targets = {
        "default": replace(target, script_location=folder, version_locations=(folder / "versions",))
    }
