"""baseline: an existing database gets its place in the history, on the record."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text

from console.services.audit import list_entries
from tests.cli.conftest import Manage, data_of
from tests.world import PASSWORD

FIRST, SECOND = "4c1a7f20b9de", "9e2d05c8a314"


def execute(app: Flask, statement: str) -> None:
    with app.app_context(), app.extensions["sqlalchemy"].engine.begin() as connection:
        connection.execute(text(statement))


@pytest.fixture
def existing(app: Flask) -> Flask:
    """The shop with a database that nobody ever migrated."""
    execute(app, "DROP TABLE alembic_version")
    return app


def test_without_yes_nothing_is_changed(manage: Manage, existing: Flask) -> None:
    result = manage(existing, "baseline")
    assert result.exit_code == 0, result.output
    assert f"exactly what its history makes up to {SECOND}" in result.stdout
    assert "Nothing was changed." in result.stderr
    assert manage(existing, "migrate", "--check").exit_code == 1


def test_an_identical_database_is_stamped_and_the_trail_says_so(
    manage: Manage, existing: Flask
) -> None:
    result = manage(existing, "baseline", "--yes")
    assert result.exit_code == 0, result.output
    assert manage(existing, "migrate", "--check").exit_code == 0
    entry = list_entries(existing.extensions["console"].store)[0]
    assert entry.action == "target.baselined"
    assert entry.text == (
        f"Command line stamped default with {SECOND}, as its baseline: it is what the history makes."
    )


def test_one_that_differs_is_not_stamped_without_a_reason(manage: Manage, existing: Flask) -> None:
    execute(existing, "ALTER TABLE users ADD COLUMN nick VARCHAR(20)")
    looked = manage(existing, "baseline")
    assert looked.exit_code == 1
    assert "+ column nick VARCHAR(20), nullable" in looked.stdout
    refused = manage(existing, "baseline", "--yes")
    assert refused.exit_code == 1
    assert "accept the differences with a written reason" in refused.stderr
    accepted = manage(existing, "baseline", "--yes", "--accept-differences", "nick goes in March")
    assert accepted.exit_code == 0, accepted.output
    entry = list_entries(existing.extensions["console"].store)[0]
    assert "although users differ" in entry.text
    assert entry.text.endswith("nick goes in March")


def test_an_earlier_revision_can_be_the_baseline(manage: Manage, lagging_app: Flask) -> None:
    execute(lagging_app, "DROP TABLE alembic_version")
    assert manage(lagging_app, "baseline", FIRST[:6], "--yes").exit_code == 0
    assert manage(lagging_app, "migrate").exit_code == 0


def test_a_database_with_a_place_is_refused(manage: Manage, app: Flask) -> None:
    assert "stands at" in manage(app, "baseline").stderr
    result = manage(app, "baseline", "--yes")
    assert result.exit_code == 1
    assert "manage.py migrate" in result.stderr


def test_where_reviews_decide_an_approver_is_asked_for(manage: Manage, existing: Flask) -> None:
    console = existing.extensions["console"]
    console.settings = replace(console.settings, migrate_without_review=False)
    assert manage(existing, "baseline").exit_code == 0
    refused = manage(existing, "baseline", "--yes")
    assert refused.exit_code == 1
    assert "Here reviews decide" in refused.stderr
    assert "`manage.py baseline --yes --approver EMAIL`" in refused.stderr
    reason = ["--accept-differences", "as agreed"]
    author = ["baseline", "--yes", *reason, "--approver", "author@example.com"]
    assert "You need the role approver" in manage(existing, *author, input=PASSWORD).stderr
    assert manage(existing, "migrate", "--check").exit_code == 1
    approver = ["baseline", "--yes", "--approver", "approver@example.com"]
    assert manage(existing, *approver, input=PASSWORD).exit_code == 0
    entry = list_entries(console.store)[0]
    assert entry.actor == "Paul Approver"
    assert entry.text.endswith("it is what the history makes. Paul Approver allowed it.")


def test_json_carries_the_difference(manage: Manage, existing: Flask) -> None:
    told = data_of(manage(existing, "baseline", "--json"))
    assert told["is_identical"]
    assert told["heads"] == [SECOND]
