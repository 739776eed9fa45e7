"""drift: the models, the database and the history against each other, with a status for programs."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import text

from tests.cli.conftest import Manage, data_of


def execute(app: Flask, statement: str) -> None:
    with app.app_context(), app.extensions["sqlalchemy"].engine.begin() as connection:
        connection.execute(text(statement))


def test_a_database_without_drift_is_told_to_be_so(manage: Manage, app: Flask) -> None:
    result = manage(app, "drift", "--check")
    assert result.exit_code == 0, result.output
    assert "The database is what its history makes up to 9e2d05c8a314." in result.stdout
    assert "The models and the database agree." in result.stdout


def test_a_pending_revision_is_no_drift(manage: Manage, lagging_app: Flask) -> None:
    result = manage(lagging_app, "drift", "--check")
    assert result.exit_code == 0, result.output
    assert "what the history makes with its 1 pending revision(s) agree" in result.stdout


def test_what_was_changed_by_hand_is_status_1_only_for_check(manage: Manage, app: Flask) -> None:
    execute(app, "ALTER TABLE users ADD COLUMN nick VARCHAR(20)")
    execute(app, "CREATE INDEX ix_by_hand ON posts (title)")
    result = manage(app, "drift")
    assert result.exit_code == 0
    assert "Somebody changed it by hand:" in result.stdout
    assert "+ column nick VARCHAR(20), nullable" in result.stdout
    assert "+ index ix_by_hand (title)" in result.stdout
    assert "- column nick VARCHAR(20), nullable" in result.stdout  # the models have it not
    checked = manage(app, "drift", "--check")
    assert checked.exit_code == 1
    assert checked.stderr.endswith("Error: There is drift in default.\n")


def test_json_carries_both_differences(manage: Manage, app: Flask) -> None:
    execute(app, "CREATE VIEW names AS SELECT name FROM users")
    (told,) = data_of(manage(app, "drift", "--json"))
    assert not told["is_clean"]
    (view,) = told["history"]["difference"]["tables"]
    assert (view["name"], view["sign"], view["is_view"]) == ("names", "added", True)
    assert told["models"]["difference"]["tables"] == []
