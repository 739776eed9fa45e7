"""rehearse: the plan and its way back on a clone; the exit status says whether data is safe."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import text

from tests.cli.conftest import Manage, data_of

SECOND = "9e2d05c8a314"


def execute(app: Flask, statement: str) -> None:
    with app.app_context(), app.extensions["sqlalchemy"].engine.begin() as connection:
        connection.execute(text(statement))


def test_a_rehearsal_tells_of_data_schema_and_the_way_back(
    manage: Manage, lagging_app: Flask
) -> None:
    result = manage(lagging_app, "rehearse")
    assert result.exit_code == 0, result.output
    assert "Nothing is lost" in result.stdout
    assert "~ table products" in result.stdout
    assert "+ column price NUMERIC(10, 2), nullable" in result.stdout
    assert "It works, and everything is as it was before." in result.stdout
    assert "Migrate first, then deploy: the models need what this plan brings." in result.stdout
    assert "SQLite backup of" in result.stderr  # progress


def test_the_database_itself_is_left_alone(manage: Manage, lagging_app: Flask) -> None:
    manage(lagging_app, "rehearse")
    assert "Nothing to do" not in manage(lagging_app, "migrate", "--plan").stdout


def test_lost_data_is_status_1_unless_it_may_be_lost(manage: Manage, app: Flask) -> None:
    execute(app, "UPDATE products SET price = 3")
    result = manage(app, "rehearse", "--", "-1")
    assert result.exit_code == 1
    assert "Data would be lost: products" in result.stderr
    assert "--allow-loss" in result.stderr
    allowed = manage(app, "rehearse", "--allow-loss", "--", "-1")
    assert allowed.exit_code == 0
    assert "Data would be lost: products" in allowed.stderr


def test_a_plan_that_fails_is_status_1_and_says_where(manage: Manage, lagging_app: Flask) -> None:
    execute(lagging_app, "CREATE VIEW names AS SELECT name FROM products")
    result = manage(lagging_app, "rehearse")
    assert result.exit_code == 1
    assert f"The rehearsal failed in {SECOND}: " in result.stderr


def test_json_carries_plan_rehearsal_and_hazards(manage: Manage, lagging_app: Flask) -> None:
    told = data_of(manage(lagging_app, "rehearse", "--json"))
    assert told["rehearsal"]["succeeded"]
    assert told["rehearsal"]["digest"] == told["plan"]["digest"]
    assert told["hazards"] == []


def test_nothing_to_do_is_no_error(manage: Manage, app: Flask) -> None:
    assert manage(app, "rehearse").exit_code == 0
    assert data_of(manage(app, "rehearse", "--json")) is None
