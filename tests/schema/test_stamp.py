"""A stamp writes the version table and nothing else, and only on what it was decided on."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from console.schema.errors import MigrationFailed, PlanChanged, TargetLocked
from console.schema.plan import observe
from console.schema.stamp import stamp
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import ENVIRONMENT


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A database that is brought up by hand: no version table."""
    place = Place(tmp_path, [PRODUCTS, PRICE], at="bbbb1")
    place.run("DROP TABLE alembic_version")
    return place


def test_it_makes_the_version_table_and_changes_nothing_else(place: Place) -> None:
    before = [line for line in place.dump() if "alembic_version" not in line]
    _, fingerprint = observe(place.target)
    assert stamp(place.target, ["bbbb1"], start=(), fingerprint=fingerprint) == ("bbbb1",)
    assert [line for line in place.dump() if "alembic_version" not in line] == before


def test_it_replaces_what_the_table_said(place: Place) -> None:
    _, fingerprint = observe(place.target)
    stamp(place.target, ["bbbb1"], start=(), fingerprint=fingerprint)
    stamp(place.target, ["aaaa1"], start=["bbbb1"], fingerprint=fingerprint)
    assert place.ask("SELECT version_num FROM alembic_version") == ["aaaa1"]
    stamp(place.target, [], start=["aaaa1"], fingerprint=fingerprint)
    assert place.ask("SELECT version_num FROM alembic_version") == []


def test_an_env_py_that_asks_where_to_hears_what_is_stamped(place: Place) -> None:
    place.environment(
        "from alembic import context\n"
        + ENVIRONMENT.replace(
            "engine =", "assert context.get_revision_argument() in ('bbbb1', None)\nengine ="
        )
    )
    _, fingerprint = observe(place.target)
    stamp(place.target, ["bbbb1"], start=(), fingerprint=fingerprint)
    assert stamp(place.target, [], start=["bbbb1"], fingerprint=fingerprint) == ()


def test_a_schema_that_changed_meanwhile_is_refused(place: Place) -> None:
    _, fingerprint = observe(place.target)
    place.run("ALTER TABLE products ADD COLUMN colour TEXT")
    with pytest.raises(PlanChanged, match="the schema of the database changed"):
        stamp(place.target, ["bbbb1"], start=(), fingerprint=fingerprint)
    assert observe(place.target)[0] == ()


def test_a_place_that_changed_meanwhile_is_refused(place: Place) -> None:
    _, fingerprint = observe(place.target)
    stamp(place.target, ["aaaa1"], start=(), fingerprint=fingerprint)
    with pytest.raises(PlanChanged, match="stands at aaaa1 now"):
        stamp(place.target, ["bbbb1"], start=(), fingerprint=fingerprint)


def test_it_waits_for_the_lock_of_others_and_gives_up(place: Place) -> None:
    _, fingerprint = observe(place.target)
    with closing(sqlite3.connect(place.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TargetLocked):
            stamp(place.target, ["bbbb1"], start=(), fingerprint=fingerprint, lock_wait=0.1)


def test_an_env_py_that_does_not_commit_is_told_of(place: Place) -> None:
    _, fingerprint = observe(place.target)
    place.environment(ENVIRONMENT.replace("context.run_migrations()", "pass"))
    with pytest.raises(MigrationFailed, match="version table is unchanged"):
        stamp(place.target, ["bbbb1"], start=(), fingerprint=fingerprint)
