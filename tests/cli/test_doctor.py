"""doctor: what a crash left behind is named, and cured only on request."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import text

from console.services.audit import list_entries
from tests.cli.conftest import Manage, data_of

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


def test_a_half_applied_revision_is_told_change_by_change(
    manage: Manage, lagging_app: Flask
) -> None:
    execute(lagging_app, "ALTER TABLE products ADD COLUMN price NUMERIC(10, 2)")
    result = manage(lagging_app, "doctor", "--fix", "--yes")
    assert result.exit_code == 1
    assert "half-applied" in result.stdout
    assert f"{SECOND} applied: column products.price added" in result.stdout
    assert f"{SECOND} missing: check products.ck_products_price_not_negative" in result.stdout


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
