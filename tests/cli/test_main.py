"""The command line as a whole: help, errors in one line, and the application's own commands."""

from __future__ import annotations

import os
import sqlite3
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.exc import OperationalError

from console import __version__
from console.cli import command_line
from console.cli.main import COMMANDS
from console.config import SettingsError
from console.host import HostError
from console.schema.errors import Unsupported
from tests.cli.conftest import Manage

ROOT = Path(__file__).resolve().parents[2]


def broken(error: Exception) -> object:
    def make() -> Flask:
        raise error

    return make


def test_help_lists_every_command_without_making_the_application(manage: Manage) -> None:
    result = manage(broken(AssertionError("made")), "--help")
    assert result.exit_code == 0
    for name in COMMANDS:
        assert f"  {name} " in result.stdout


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"test"}))  # which hands it to pytest
def test_every_command_has_help(manage: Manage, name: str) -> None:
    result = manage(broken(AssertionError("made")), name, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: manage.py")


def test_the_version_is_that_of_the_package(manage: Manage) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    assert __version__ in manage(broken(AssertionError("made")), "--version").stdout


def test_a_wrong_option_is_wrong_usage(manage: Manage, app: Flask) -> None:
    assert manage(app, "migrate", "--sideways").exit_code == 2


def test_an_unknown_command_is_wrong_usage(manage: Manage, app: Flask) -> None:
    result = manage(app, "migrat")
    assert result.exit_code == 2
    assert "migrat" in result.stderr


def test_commands_of_the_application_are_found(manage: Manage, app: Flask) -> None:
    @app.cli.command("greet")
    def greet() -> None:
        click.echo("hello from the application")

    assert "hello" in manage(app, "greet").stdout


def test_flask_migrates_own_commands_are_there(manage: Manage, app: Flask) -> None:
    result = manage(app, "db", "--help")
    assert result.exit_code == 0, result.output
    assert "upgrade" in result.output
    assert manage(app, "db", "heads").exit_code == 0


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (SettingsError("PORT", "PORT is 'x'; choose a number."), "PORT is 'x'; choose a number."),
        (HostError("'x:y' is not a Flask application."), "'x:y' is not a Flask application."),
        (OperationalError("SELECT 1", {}, Exception("disk I/O error")), "disk I/O error"),
        (
            OperationalError("SELECT 1", {}, Exception("no such table: console_account")),
            "Run `manage.py migrate` first.",
        ),
        (ModuleNotFoundError("No module named 'psycopg'", name="psycopg"), "driver psycopg"),
        (sqlite3.DatabaseError("file is not a database"), "file is not a database"),
        (Unsupported("It refused:\n\tno server there."), "It refused: no server there."),
    ],
)
def test_expected_errors_are_one_line_and_status_one(
    manage: Manage, error: Exception, says: str
) -> None:
    result = manage(broken(error), "check")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert says in result.stderr


def test_an_unexpected_error_keeps_its_traceback(manage: Manage) -> None:
    with pytest.raises(ZeroDivisionError):
        manage(broken(ZeroDivisionError()), "check")


def test_a_named_application_is_what_migrations_will_import(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "myshop.py").write_text("from flask import Flask\napp = Flask('mine')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("CONSOLE_APP", "")  # so that it is put back afterwards
    monkeypatch.delenv("CONSOLE_APP")
    result = CliRunner().invoke(command_line("myshop:app"), ["check"])
    assert "Console(app, db)" in result.stderr  # found, and it has none
    assert os.environ["CONSOLE_APP"] == "myshop:app"


def test_an_application_without_a_console_is_told_so(manage: Manage) -> None:
    result = manage(Flask("bare"), "check")
    assert result.exit_code == 1
    assert "Console(app, db)" in result.stderr
