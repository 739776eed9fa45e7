"""plan: what would run, with the hazards that the files show; nothing happens."""

from __future__ import annotations

from flask import Flask

from tests.cli.conftest import Manage, data_of

FIRST, SECOND = "4c1a7f20b9de", "9e2d05c8a314"


def test_the_steps_and_the_digest_are_printed(manage: Manage, lagging_app: Flask) -> None:
    result = manage(lagging_app, "plan")
    assert result.exit_code == 0, result.output
    assert f"up   {SECOND}  Add price to products" in result.stdout
    assert f"From {FIRST} to {SECOND}." in result.stdout
    assert "Digest " in result.stdout


def test_a_way_down_can_be_planned(manage: Manage, app: Flask) -> None:
    result = manage(app, "plan", "base")
    assert f"down {SECOND}" in result.stdout
    assert f"From {SECOND} to base." in result.stdout


def test_a_way_down_says_what_it_would_lose(manage: Manage, app: Flask) -> None:
    result = manage(app, "plan", FIRST)
    assert "drop-column" in result.stdout, result.output
    assert [h["code"] for h in data_of(manage(app, "plan", FIRST, "--json"))["hazards"]].count(
        "drop-column"
    ) == 1


def test_nothing_to_do_is_no_error(manage: Manage, app: Flask) -> None:
    result = manage(app, "plan")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "nothing to do" in result.stderr
    assert data_of(manage(app, "plan", "--json")) is None


def test_json_carries_steps_and_hazards(manage: Manage, lagging_app: Flask) -> None:
    plan = data_of(manage(lagging_app, "plan", "--json"))
    assert [step["revision"] for step in plan["steps"]] == [SECOND]
    assert plan["hazards"] == []
    assert len(plan["digest"]) == 64


def test_an_unknown_revision_is_one_line(manage: Manage, app: Flask) -> None:
    result = manage(app, "plan", "ffff")
    assert result.exit_code == 1
    assert result.stderr == "Error: There is no revision 'ffff' in this history.\n"
