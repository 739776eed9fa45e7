"""showmigrations and `migrate --plan`: what there is, without touching it."""

from __future__ import annotations

from flask import Flask

from tests.cli.conftest import Manage, data_of

FIRST, SECOND = "4c1a7f20b9de", "9e2d05c8a314"


def test_applied_revisions_are_marked(manage: Manage, lagging_app: Flask) -> None:
    result = manage(lagging_app, "showmigrations")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "default"
    assert lines[1].startswith(f" [X] {FIRST}")
    assert lines[1].endswith("<- the database stands here")
    assert lines[2].startswith(f" [ ] {SECOND}")


def test_json_says_the_same_to_programs(manage: Manage, lagging_app: Flask) -> None:
    (listed,) = data_of(manage(lagging_app, "showmigrations", "--json"))
    assert listed["target"] == "default"
    assert listed["stands_at"] == [FIRST]
    assert not listed["is_up_to_date"]
    applied = {revision["id"]: revision["is_applied"] for revision in listed["revisions"]}
    assert applied == {FIRST: True, SECOND: False}
    assert [revision["depends_on"] for revision in listed["revisions"]] == [[], []]


def test_an_unknown_target_names_those_there_are(manage: Manage, app: Flask) -> None:
    result = manage(app, "showmigrations", "--target", "warehouse")
    assert result.exit_code == 1
    assert "'warehouse'" in result.stderr
    assert "default" in result.stderr


def test_the_graph_draws_newest_first_what_is_applied_and_what_is_not(
    manage: Manage, lagging_app: Flask
) -> None:
    result = manage(lagging_app, "showmigrations", "--graph")
    assert result.exit_code == 0, result.output
    _, newest, oldest = result.stdout.splitlines()
    assert newest.startswith(f" ○  {SECOND}")
    assert oldest.startswith(f" ●  {FIRST}")
    assert oldest.endswith("<- the database stands here")


def test_the_graph_is_there_for_programs_too(manage: Manage, lagging_app: Flask) -> None:
    (listed,) = data_of(manage(lagging_app, "showmigrations", "--graph", "--json"))
    assert [row["revision"] for row in listed["graph"]] == [SECOND, FIRST]
    assert listed["graph"][0]["edges"] == [{"from_lane": 0, "to_lane": 0}]
