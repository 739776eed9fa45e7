"""An existing database is held against what its history makes of nothing."""

from pathlib import Path

import pytest

from console.schema.baseline import find_baseline
from console.schema.errors import MultipleHeads, UnknownRevision
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import Sample


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A database as the first revision makes it, without a version table."""
    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    place.run("DROP TABLE alembic_version")
    return place


def test_what_the_history_makes_is_identical(place: Place) -> None:
    found = find_baseline(place.target, "aaaa1")
    assert found.is_identical
    assert (found.heads, found.start) == (("aaaa1",), ())


def test_what_it_lacks_is_the_difference(place: Place) -> None:
    found = find_baseline(place.target)
    (table,) = found.difference.tables
    assert {(change.sign, change.name) for change in table.changes} == {
        ("removed", "price"),
        ("removed", "ck_price"),
    }


def test_a_place_in_the_history_is_told(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    assert find_baseline(place.target).start == ("aaaa1",)


def test_base_is_an_empty_database(place: Place) -> None:
    found = find_baseline(place.target, "base")
    assert found.heads == ()
    assert [table.sign for table in found.difference.tables] == ["added", "added"]


def test_several_heads_are_named_or_taken_together(place: Place) -> None:
    place.write(Sample("cccc1", ("aaaa1",)))
    with pytest.raises(MultipleHeads):
        find_baseline(place.target)
    assert find_baseline(place.target, "heads").heads == ("bbbb1", "cccc1")
    with pytest.raises(UnknownRevision):
        find_baseline(place.target, "nowhere")
