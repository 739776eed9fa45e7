"""migrate: plans, rehearses, applies; refuses in one line."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text

from console.schema.plan import make_plan
from console.services import reviews
from console.services.presence import Presence
from console.services.queue import claim, enqueue
from console.services.runner import Runner
from console.services.runs import get_run, list_runs
from tests.cli.conftest import Manage, data_of
from tests.world import World, world_of

FIRST, SECOND = "4c1a7f20b9de", "9e2d05c8a314"


def columns(app: Flask, table: str = "products") -> set[str]:
    with app.app_context(), app.extensions["sqlalchemy"].engine.connect() as connection:
        rows = connection.execute(text(f"PRAGMA table_info({table})"))
        return {row.name for row in rows}


@pytest.fixture
def production(lagging_app: Flask) -> Flask:
    """The lagging application, which applies nothing that nobody approved."""
    console = lagging_app.extensions["console"]
    console.settings = replace(console.settings, env="production", migrate_without_review=False)
    return lagging_app


def approve(app: Flask, goal: str) -> int:
    """Open, rehearse and approve a review; returns its number."""
    console = app.extensions["console"]
    people: World = world_of(console.store)
    review = reviews.open_review(
        console.store, console.targets, people.author, target="default", goal=goal
    )
    runner = Runner(console.store, console.targets, console.settings.workspace, console.policy)
    runner.work(threading.Event(), once=True)
    reviews.approve(
        console.store, console.targets, people.approver, review.id, reason="agreed for a test"
    )
    return review.id


def test_the_plan_is_printed_and_nothing_is_done(manage: Manage, lagging_app: Flask) -> None:
    result = manage(lagging_app, "migrate", "--plan")
    assert result.exit_code == 0, result.output
    assert f"up   {SECOND}" in result.stdout
    assert "price" not in columns(lagging_app)


def test_the_plan_as_json_carries_its_digest(manage: Manage, lagging_app: Flask) -> None:
    plan = data_of(manage(lagging_app, "migrate", "--plan", "--json"))
    assert [step["revision"] for step in plan["steps"]] == [SECOND]
    assert len(plan["digest"]) == 64


def test_check_says_by_its_status_whether_a_revision_is_missing(
    manage: Manage, lagging_app: Flask, app: Flask
) -> None:
    behind = manage(lagging_app, "migrate", "--check")
    assert behind.exit_code == 1
    assert "manage.py migrate" in behind.stderr
    assert "price" not in columns(lagging_app)
    assert manage(app, "migrate", "--check").exit_code == 0


def test_a_database_is_taken_to_the_head_and_the_ledger_is_told(
    manage: Manage, lagging_app: Flask
) -> None:
    result = manage(lagging_app, "migrate")
    assert result.exit_code == 0, result.output
    assert f"Applied {SECOND}" in result.stdout
    assert "price" in columns(lagging_app)
    (run,) = list_runs(lagging_app.extensions["console"].store)
    assert (run.kind, run.state, run.requested_by) == ("apply", "succeeded", "Command line")


def test_nothing_to_do_is_no_error(manage: Manage, app: Flask) -> None:
    result = manage(app, "migrate")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "Nothing to do" in result.stderr


def test_the_way_back_names_what_is_lost(manage: Manage, app: Flask) -> None:
    with app.app_context(), app.extensions["sqlalchemy"].engine.begin() as connection:
        connection.execute(text("UPDATE products SET price = 5 WHERE id < 3"))
    result = manage(app, "migrate", FIRST)
    assert result.exit_code == 0, result.output
    assert f"Undid {SECOND}" in result.stdout
    assert "2" in result.stderr
    assert "price" in result.stderr
    assert "price" not in columns(app)


def test_a_relative_goal_needs_two_dashes(manage: Manage, app: Flask) -> None:
    assert manage(app, "migrate", "--", "-1").exit_code == 0
    assert "price" not in columns(app)


def test_an_unknown_revision_is_one_line(manage: Manage, app: Flask) -> None:
    result = manage(app, "migrate", "nonsense")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "nonsense" in result.stderr


def test_production_applies_nothing_that_nobody_approved(manage: Manage, production: Flask) -> None:
    result = manage(production, "migrate")
    assert result.exit_code == 1
    assert "Nobody approved this plan" in result.stderr
    assert "price" not in columns(production)


def test_production_applies_what_was_approved_as_that_review(
    manage: Manage, production: Flask
) -> None:
    number = approve(production, "head")
    result = manage(production, "migrate")
    assert result.exit_code == 0, result.output
    assert f"Review {number} approved this plan" in result.stderr
    assert "price" in columns(production)
    console = production.extensions["console"]
    assert reviews.get_review(console.store, console.targets, number).state == "applied"


def test_an_approval_of_other_bytes_does_not_count(manage: Manage, production: Flask) -> None:
    approve(production, "head")
    with (
        production.app_context(),
        production.extensions["sqlalchemy"].engine.begin() as connection,
    ):
        connection.execute(text("CREATE TABLE crept_in (id INTEGER PRIMARY KEY)"))
    result = manage(production, "migrate")
    assert result.exit_code == 1
    assert "Nobody approved this plan" in result.stderr


def test_a_refusal_is_an_object_for_programs_too(manage: Manage, app: Flask) -> None:
    result = manage(app, "migrate", "ffff", "--json")
    assert result.exit_code == 1
    assert data_of(result) == {"error": "There is no revision 'ffff' in this history."}
    assert result.stderr == "Error: There is no revision 'ffff' in this history.\n"


def test_a_refusal_after_the_data_adds_nothing_to_it(manage: Manage, lagging_app: Flask) -> None:
    result = manage(lagging_app, "migrate", "--plan", "--check", "--json")
    assert result.exit_code == 1
    assert len(data_of(result)["steps"]) == 1
    assert "have not been applied" in result.stderr


def test_a_goal_that_cannot_be_planned_says_why(manage: Manage, app: Flask) -> None:
    result = manage(app, "migrate", "head+1")
    assert result.stderr == "Error: 'head+1' goes further than the history does.\n"


def test_a_run_that_died_is_brought_to_its_end_without_a_worker(
    manage: Manage, lagging_app: Flask
) -> None:
    console = lagging_app.extensions["console"]
    target = console.targets["default"]
    with console.store.begin() as session:
        run_id = enqueue(
            session, kind="apply", plan=make_plan(target, "head"), requested_by="Olga"
        ).id
    with Presence(console.store, "command") as dead:
        claim(console.store, dead.id)
    result = manage(lagging_app, "migrate")
    assert result.exit_code == 0, result.output
    assert f"Run {run_id} had died." in result.stderr
    assert "Nothing was changed" in result.stderr
    assert get_run(console.store, run_id).state == "interrupted"
    assert "price" in columns(lagging_app)
