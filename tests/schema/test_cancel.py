"""A run ends when somebody asks for it, and what is left of it is known exactly."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from console.schema.errors import RunCancelled
from console.schema.executor import apply
from console.schema.halfway import read_halfway
from console.schema.progress import Event
from console.schema.rehearsal import rehearse
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import ENVIRONMENT, Sample
from tests.histories.served import Served
from tests.processes import children_of

DATABASES = ("sqlite", "postgresql", "mariadb", "mysql")
# It stops for as long as the file is there: in the database, where that can sleep, else in Python.
SLOW = """\
import pathlib, time
op.create_table("half_way", sa.Column("id", sa.Integer, primary_key=True))
if pathlib.Path({flag!r}).exists():
    sleep = {{"postgresql": "SELECT pg_sleep(60)", "mysql": "SELECT sleep(60)"}}
    statement = sleep.get(op.get_bind().dialect.name)
    op.execute(statement) if statement else time.sleep(60)
op.create_table("whole", sa.Column("id", sa.Integer, primary_key=True))"""
DOWN = 'op.drop_table("whole")\nop.drop_table("half_way")'


@pytest.fixture
def flag(tmp_path: Path) -> Path:
    """The file that keeps the pending revision from ending."""
    flag = tmp_path / "slow"
    flag.touch()
    return flag


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path, flag: Path) -> Place:
    """Products and reviews, and a revision that creates a table, stops, and creates another."""
    slow = Sample("bbbb2", ("aaaa1",), up=SLOW.format(flag=str(flag)), down=DOWN)
    if request.param == "sqlite":
        return Place(tmp_path, [PRODUCTS, slow], at="aaaa1")
    return Served(tmp_path, request.getfixturevalue(request.param), [PRODUCTS, slow], at="aaaa1")


class HalfWay:
    """Asks for the end as soon as the first table was created."""

    def __init__(self) -> None:
        self.seen = False

    def hear(self, event: Event) -> None:
        self.seen = self.seen or "half_way" in event.text

    def __call__(self) -> bool:
        return self.seen


def test_a_cancelled_run_leaves_nothing_or_says_exactly_what_stays(
    place: Place, flag: Path
) -> None:
    before, asked = place.dump(), HalfWay()
    children = children_of(os.getpid())  # a server that the tests started may be among them
    with pytest.raises(RunCancelled) as caught:
        apply(place.target, place.plan(), progress=asked.hear, cancelled=asked)
    assert children_of(os.getpid()) == children
    if place.target.url.startswith("mysql"):
        assert "It was cancelled. The database stands at aaaa1. Of revision bbbb2" in str(
            caught.value
        )
        assert "1 statement had been executed and stays: CREATE TABLE half_way" in str(caught.value)
    else:
        assert str(caught.value) == "It was cancelled. Nothing was changed."
        assert place.dump() == before
    flag.unlink()
    assert apply(place.target, place.plan()).heads == ("bbbb2",)
    assert place.ask("SELECT count(*) FROM whole") == [0]


def test_a_cancelled_rehearsal_leaves_neither_a_clone_nor_a_trace(place: Place) -> None:
    before, asked = place.dump(), HalfWay()
    with pytest.raises(RunCancelled, match="Only a clone was touched"):
        rehearse(
            place.target,
            place.plan(),
            workspace=place.workspace,
            progress=asked.hear,
            cancelled=asked,
        )
    assert list(place.workspace.iterdir()) == []
    assert place.dump() == before
    if isinstance(place, Served):
        names = {
            "postgresql": "SELECT datname FROM pg_database",
            "mysql": "SELECT schema_name FROM information_schema.schemata",
        }
        sql = names[place.target.parsed_url.get_backend_name()]
        assert [name for name in place.ask(sql) if place.target.key in name] == []


def test_a_run_that_is_cancelled_before_it_begins_starts_no_process(place: Place) -> None:
    told: list[str] = []
    with pytest.raises(RunCancelled, match="Nothing was changed"):
        apply(
            place.target,
            place.plan(),
            progress=lambda event: told.append(event.kind),
            cancelled=lambda: True,
        )
    assert told == []


def test_a_cancel_that_comes_after_the_commit_says_so(
    place: Place, flag: Path, tmp_path: Path
) -> None:
    flag.unlink()
    saved = tmp_path / "saved"
    ending = f"import pathlib, time\npathlib.Path({str(saved)!r}).touch()\ntime.sleep(60)\n"
    place.environment(ENVIRONMENT + ending)
    with pytest.raises(RunCancelled, match="The plan had been completed by then"):
        apply(place.target, place.plan(), cancelled=saved.exists)
    assert place.ask("SELECT version_num FROM alembic_version") == ["bbbb2"]
    if not place.target.url.startswith(("sqlite", "postgresql")):
        assert read_halfway(place.target) is None
