"""doctor: what a crash left behind is named, and cured only on request."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask
from sqlalchemy import text

from console.services.audit import list_entries
from tests.cli.conftest import Manage, data_of
from tests.world import PASSWORD

FIRST, SECOND = "4c1a7f20b9de", "9e2d05c8a314"


def execute(app: Flask, statement: str) -> None:
    with app.app_context(), app.extensions["sqlalchemy"].engine.begin() as connection:
        connection.execute(text(statement))


def leave_orphan(app: Flask) -> None:
    folder = app.extensions["console"].settings.workspace / "console-clone-0-abc"
    folder.mkdir(parents=True)


def test_a_sound_database_has_nothing(manage: Manage, app: Flask) -> None:
    result = manage(app, "doctor")
    assert result.exit_code == 0, result.output
    assert "Nothing found" in result.stderr


def test_a_wrong_stamp_is_named_and_put_right_on_request(
    manage: Manage, lagging_app: Flask
) -> None:
    execute(lagging_app, f"UPDATE alembic_version SET version_num = '{SECOND}'")
    looked = manage(lagging_app, "doctor")
    assert looked.exit_code == 1
    assert looked.stdout.startswith("wrong-stamp: default: ")
    assert f"exactly that of {FIRST}" in looked.stdout
    refused = manage(lagging_app, "doctor", "--fix", input="n\n")
    assert refused.exit_code == 1
    cured = manage(lagging_app, "doctor", "--fix", input="y\n")
    assert cured.exit_code == 0, cured.output
    assert manage(lagging_app, "doctor").exit_code == 0
    entry = list_entries(lagging_app.extensions["console"].store)[0]
    assert entry.text == f"Command line looked after default and stamped it with {FIRST}."


def test_a_half_applied_revision_is_told_statement_by_statement(
    manage: Manage, lagging_app: Flask
) -> None:
    execute(lagging_app, "ALTER TABLE products ADD COLUMN price NUMERIC(10, 2)")
    result = manage(lagging_app, "doctor", "--fix", "--yes")
    assert result.exit_code == 1, "of two ways out only a person chooses"
    assert result.stdout.startswith(f"half-applied: default: {SECOND} is applied in part")
    assert "    unknown: CREATE TABLE _alembic_tmp_products" in result.stdout
    assert "  1. resume: Bring in the rest" in result.stdout
    assert "  2. undo: Go back to where it began" in result.stdout
    assert "     | DROP TABLE products" in result.stdout
    assert "     Nothing is lost: " in result.stdout
    assert "  3. stamp: Stamp it.\n     Not possible: " in result.stdout
    assert manage(lagging_app, "doctor", "--undo", "--yes").exit_code == 0
    assert manage(lagging_app, "doctor").exit_code == 0
    entry = list_entries(lagging_app.extensions["console"].store)[0]
    assert f"took out {SECOND}" in entry.text
    assert entry.data["ledger"]["losses"] == []


def test_a_way_out_is_chosen_by_its_number(manage: Manage, lagging_app: Flask) -> None:
    execute(lagging_app, "ALTER TABLE products ADD COLUMN price NUMERIC(10, 2)")
    refused = manage(lagging_app, "doctor", "--fix", input="0\n")
    assert refused.exit_code == 1
    chosen = manage(lagging_app, "doctor", "--fix", input="1\n")
    assert chosen.exit_code == 0, chosen.output
    assert "Done: Bring in the rest" in chosen.stderr
    assert manage(lagging_app, "migrate", "--check").exit_code == 0


def test_where_reviews_decide_an_approver_is_asked_for(manage: Manage, lagging_app: Flask) -> None:
    console = lagging_app.extensions["console"]
    console.settings = replace(console.settings, migrate_without_review=False)
    execute(lagging_app, f"UPDATE alembic_version SET version_num = '{SECOND}'")
    stamp = ["doctor", "--stamp", "--yes"]
    refused = manage(lagging_app, *stamp)
    assert refused.exit_code == 1
    assert "Not possible: Here reviews decide" in refused.stdout
    author = [*stamp, "--approver", "author@example.com"]
    assert "You need the role approver" in manage(lagging_app, *author, input=PASSWORD).stderr
    approver = [*stamp, "--approver", "approver@example.com"]
    assert "password is wrong" in manage(lagging_app, *approver, input="wrong password").stderr
    assert manage(lagging_app, *approver, input=PASSWORD).exit_code == 0
    entry = list_entries(console.store)[0]
    assert entry.actor == "Paul Approver"
    assert entry.text == (
        f"Command line looked after default and stamped it with {FIRST}. Paul Approver allowed it."
    )


def test_leftovers_and_orphans_are_cleaned_up_together(manage: Manage, app: Flask) -> None:
    execute(app, "CREATE TABLE _alembic_tmp_users AS SELECT * FROM users")
    leave_orphan(app)
    told = data_of(manage(app, "doctor", "--json"))
    assert [(one["code"], one["is_curable"]) for one in told] == [
        ("leftover-table", True),
        ("orphaned-clone", True),
    ]
    assert manage(app, "doctor", "--fix", "--yes").exit_code == 0
    assert manage(app, "doctor").exit_code == 0


def test_an_unknown_revision_cannot_be_cured_here(manage: Manage, app: Flask) -> None:
    execute(app, "UPDATE alembic_version SET version_num = 'ffff'")
    result = manage(app, "doctor")
    assert result.exit_code == 1
    assert "unknown-revision: default" in result.stdout
