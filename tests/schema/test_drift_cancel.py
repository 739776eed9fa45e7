"""A comparison that somebody cancels ends at once, whatever it is doing, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from console.schema import clone
from console.schema.connection import read_only
from console.schema.drift import find_drift
from console.schema.executor import apply
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import ENVIRONMENT, Sample
from tests.histories.served import Served
from tests.schema.test_cancel import DATABASES
from tests.schema.test_clone_cancel import ends_at_once, later, waiting

# It says that it is there, and stops for as long as the other file is.
STOP = """\
import pathlib, time
if pathlib.Path({flag!r}).exists():
    pathlib.Path({reached!r}).touch()
    time.sleep(60)
"""


@pytest.fixture
def flag(tmp_path: Path) -> Path:
    """While this file is there, what would stop does."""
    return tmp_path / "slow"


@pytest.fixture
def reached(tmp_path: Path) -> Path:
    """This file is there as soon as something has stopped."""
    return tmp_path / "reached"


@pytest.fixture
def stop(flag: Path, reached: Path) -> str:
    return STOP.format(flag=str(flag), reached=str(reached))


@pytest.fixture
def make(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Place]:
    """Make a place on the database that the test is for; its scratches lie in its workspace."""

    def make(*samples: Sample) -> Place:
        place = Place(tmp_path, samples)
        if request.param != "sqlite":
            place = Served(tmp_path, request.getfixturevalue(request.param), samples)
        monkeypatch.setattr(clone, "SCRATCH", place.workspace)
        return place

    return make


@pytest.mark.parametrize("make", [*DATABASES, "mysql"], indirect=True)
def test_while_the_history_is_run(
    make: Callable[..., Place], stop: str, flag: Path, reached: Path
) -> None:
    place = make(PRODUCTS, Sample("bbbb2", ("aaaa1",), up=f"{stop}{PRODUCTS.down}"))
    apply(place.target, place.plan())
    before = place.dump()
    flag.touch()
    with ends_at_once(place):
        find_drift(place.target, cancelled=reached.exists)
    assert place.dump() == before


@pytest.mark.parametrize("make", DATABASES, indirect=True)
def test_while_the_models_are_created(
    make: Callable[..., Place], stop: str, flag: Path, reached: Path
) -> None:
    place = make()  # without a revision nothing is rebuilt
    place.environment(stop + ENVIRONMENT)
    assert find_drift(place.target).history.is_clean
    flag.touch()
    with ends_at_once(place):
        find_drift(place.target, cancelled=reached.exists)


@pytest.mark.parametrize(
    ("make", "question"),
    [
        ("sqlite", "SELECT 1"),
        ("postgresql", "SELECT pg_sleep(60)"),
        ("mariadb", "SELECT sleep(60)"),
        ("mysql", "SELECT sleep(60)"),
    ],
    indirect=["make"],
)
def test_a_look_at_a_database_ends_between_two_questions_and_on_a_server_within_one(
    make: Callable[..., Place], question: str
) -> None:
    place = make(PRODUCTS)
    apply(place.target, place.plan())
    place.workspace.mkdir()
    is_served = isinstance(place, Served)
    cancelled = waiting(place.target.url, f"{question}%") if is_served else later(5)
    with ends_at_once(place), read_only(place.target, cancelled) as connection:
        assert connection is not None
        while True:
            connection.exec_driver_sql(question)


@pytest.mark.parametrize("make", DATABASES, indirect=True)
def test_one_that_is_cancelled_before_it_begins_makes_nothing(make: Callable[..., Place]) -> None:
    place = make(PRODUCTS)
    place.workspace.mkdir()
    with ends_at_once(place):
        find_drift(place.target, cancelled=lambda: True)
