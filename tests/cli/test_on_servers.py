"""Every command of the schema on the databases that are servers, as a person calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text

from console.app import create_app
from console.shop.seed import seed
from tests.cli.conftest import Manage, data_of
from tests.conftest import MakeApp

FIRST, SECOND = "4c1a7f20b9de", "9e2d05c8a314"


def execute(app: Flask, *statements: str) -> None:
    with app.app_context(), app.extensions["sqlalchemy"].engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.fixture(params=["postgresql", "mariadb", "mysql"])
def app(request: pytest.FixtureRequest, make_app: MakeApp, manage: Manage) -> Iterator[Flask]:
    """The shop on a server, seeded, one revision behind."""
    settings = make_app().extensions["console"].settings
    url: str = request.getfixturevalue(request.param)
    app = create_app(replace(settings, database_url=url))
    app.config["WTF_CSRF_ENABLED"] = False
    make: Callable[..., object] = manage
    make(app, "db", "upgrade", FIRST)
    with app.app_context():
        db = app.extensions["sqlalchemy"]
        seed(db.session)
        db.session.remove()
        db.engine.dispose()
    yield app
    app.extensions["console"].store.close()
    with app.app_context():
        db.engine.dispose()


def test_what_is_pending_is_listed_drawn_planned_and_printed(manage: Manage, app: Flask) -> None:
    drawn = manage(app, "showmigrations", "--graph")
    assert f"○  {SECOND}" in drawn.stdout
    assert f"●  {FIRST}" in drawn.stdout
    planned = manage(app, "plan")
    assert f"up   {SECOND}" in planned.stdout
    up = manage(app, "sqlmigrate", SECOND)
    assert "ALTER TABLE products ADD COLUMN price NUMERIC(10, 2)" in up.stdout
    down = manage(app, "sqlmigrate", SECOND, "--backwards")
    assert "DROP COLUMN price" in down.stdout
    checked = data_of(manage(app, "check", "--json"))
    assert [one["level"] for one in checked if one["level"] == "error"] == []


def test_a_plan_is_rehearsed_with_advice_applied_and_undone(manage: Manage, app: Flask) -> None:
    rehearsed = manage(app, "rehearse")
    assert rehearsed.exit_code == 0, rehearsed.output
    assert "Nothing is lost: " in rehearsed.stdout
    assert "It works, and everything is as it was before." in rehearsed.stdout
    assert "Migrate first, then deploy: the models need what this plan brings." in rehearsed.stdout
    applied = manage(app, "migrate")
    assert applied.exit_code == 0, applied.output
    assert manage(app, "migrate", "--check").exit_code == 0
    assert manage(app, "check").exit_code == 0
    execute(app, "UPDATE products SET price = 3")
    back = manage(app, "rehearse", "--", "-1")
    assert back.exit_code == 1
    assert "Data would be lost: products" in back.stderr


def test_dangers_are_found_with_what_the_data_says(manage: Manage, app: Flask) -> None:
    found = data_of(manage(app, "lint", SECOND, "--rehearse", "--format", "json"))
    assert found["is_rehearsed"]
    judged = manage(app, "lint", SECOND)
    assert judged.exit_code in (0, 1), judged.output


def test_drift_is_clean_until_somebody_changes_something(manage: Manage, app: Flask) -> None:
    manage(app, "migrate", "--no-rehearsal")
    clean = manage(app, "drift", "--check")
    assert clean.exit_code == 0, clean.output
    execute(app, "ALTER TABLE products ADD COLUMN colour VARCHAR(20)")
    drifted = manage(app, "drift", "--check")
    assert drifted.exit_code == 1
    assert "+ column colour" in drifted.stdout
    assert manage(app, "makemigrations", "--check").exit_code == 1


def test_an_existing_database_gets_its_place(manage: Manage, app: Flask) -> None:
    manage(app, "migrate", "--no-rehearsal")
    execute(app, "DROP TABLE alembic_version")
    stamped = manage(app, "baseline", "--yes")
    assert stamped.exit_code == 0, stamped.output
    assert manage(app, "migrate", "--check").exit_code == 0


def test_what_is_there_in_part_is_told_and_undone(manage: Manage, app: Flask) -> None:
    execute(app, "ALTER TABLE products ADD COLUMN price NUMERIC(10, 2)")
    looked = data_of(manage(app, "doctor", "--json"))
    assert [one["code"] for one in looked] == ["half-applied"]
    assert looked[0]["details"][0].startswith("applied: ALTER TABLE products ADD COLUMN price")
    resumed = manage(app, "doctor", "--resume", "--yes")
    assert resumed.exit_code == 0, resumed.output
    assert manage(app, "doctor").exit_code == 0
    assert manage(app, "migrate", "--check").exit_code == 0
