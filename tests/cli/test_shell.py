"""shell: what is at hand in it."""

from __future__ import annotations

from flask import Flask

from tests.cli.conftest import Manage


def test_a_line_runs_with_the_models_at_hand(manage: Manage, app: Flask) -> None:
    line = "print(db.session.query(Product).count(), app.name, console.url_prefix)"
    result = manage(app, "shell", "-c", line)
    assert result.exit_code == 0, result.output
    assert result.stdout == "3 console.app /admin\n"


def test_a_script_on_standard_input_runs(manage: Manage, app: Flask) -> None:
    result = manage(app, "shell", input="print(User.__tablename__)\n")
    assert result.stdout == "users\n"
