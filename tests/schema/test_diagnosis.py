"""A database is diagnosed by its schema: where it stands, and what is applied in part."""

from pathlib import Path

import pytest

from console.schema.diagnosis import diagnose
from console.schema.executor import apply
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import Sample, text_of


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """One revision behind."""
    return Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")


def test_a_database_that_stands_where_it_says_is_sound(place: Place) -> None:
    before = place.dump()
    found = diagnose(place.target)
    assert found.is_sound
    assert found.matches == (("aaaa1",),)
    assert place.dump() == before


def test_an_empty_database_is_sound(tmp_path: Path) -> None:
    assert diagnose(Place(tmp_path, [PRODUCTS]).target).is_sound
    assert diagnose(Place(tmp_path / "none", []).target).is_sound


def test_a_stamp_that_lies_is_found_by_the_schema(place: Place) -> None:
    place.run("UPDATE alembic_version SET version_num = 'bbbb1'")
    found = diagnose(place.target)
    assert not found.is_sound
    assert (found.heads, found.matches) == (("bbbb1",), (("aaaa1",),))


def test_a_revision_that_only_changes_data_leaves_two_places(tmp_path: Path) -> None:
    data = Sample("cccc1", ("bbbb1",), up='op.execute("UPDATE products SET weight = 1")')
    place = Place(tmp_path, [PRODUCTS, PRICE, data], at="bbbb1")
    place.run("DELETE FROM alembic_version")
    found = diagnose(place.target)
    assert not found.is_sound
    assert found.matches == (("bbbb1",), ("cccc1",))


def test_a_revision_that_is_half_there_is_told_change_by_change(place: Place) -> None:
    place.run("ALTER TABLE products ADD COLUMN price NUMERIC(10, 2)")
    found = diagnose(place.target)
    assert not found.is_sound
    assert found.matches == ()
    first, second = found.steps
    assert not first.is_half
    assert second.is_half
    assert second.applied == ("column products.price added",)
    assert second.missing == ("check products.ck_price added",)
    assert found.difference


def test_leftovers_do_not_hide_where_it_stands(place: Place) -> None:
    place.run("CREATE TABLE _alembic_tmp_products (id INTEGER)")
    assert diagnose(place.target).is_sound


def test_a_history_that_fails_on_the_way_still_tells_what_came_before(place: Place) -> None:
    place.write(Sample("cccc1", ("bbbb1",), up='raise ValueError("no rows")'))
    found = diagnose(place.target)
    assert found.is_sound
    assert "no rows" in (found.error or "")


def test_a_run_that_ends_meanwhile_is_no_stamp_that_lies(place: Place) -> None:
    plan = place.plan()
    found = diagnose(place.target, progress=lambda _: apply(place.target, plan) and None)
    assert found.heads == ("bbbb1",)
    assert found.is_sound


@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_a_revision_that_ends_its_process_still_lets_what_came_before_be_told(
    place: Place, end: str
) -> None:
    place.write(Sample("cccc1", ("bbbb1",), up=f"import os\n{end}"))
    found = diagnose(place.target)
    assert found.is_sound
    assert "ended" in (found.error or "")


def test_files_that_cannot_be_used_still_let_the_others_be_told(place: Place) -> None:
    for name in ("one", "other"):
        text = text_of(Sample("cccc1", ("bbbb1",)))
        (place.scripts / "versions" / f"{name}.py").write_text(text)
    found = diagnose(place.target)
    assert found.is_sound
    assert "Another file states the id" in (found.error or "")


def test_branches_are_walked_with_their_own_places(tmp_path: Path) -> None:
    other = Sample("cccc1", ("aaaa1",), up='op.create_table("others", sa.Column("id", sa.Integer))')
    merge = Sample("dddd1", ("bbbb1", "cccc1"))
    place = Place(tmp_path, [PRODUCTS, PRICE, other, merge])
    apply(place.target, place.plan())
    found = diagnose(place.target)
    assert found.error is None
    assert found.is_sound
