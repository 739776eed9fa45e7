"""What batch mode forgot is dropped, unless it is the only copy of its rows."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.schema.errors import RunError
from console.schema.leftovers import Leftover, find_leftovers, mend_leftover
from tests.histories.place import PRODUCTS, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, [PRODUCTS], at="aaaa1")


def test_none_are_found_in_a_clean_database(place: Place, tmp_path: Path) -> None:
    assert find_leftovers(place.target) == ()
    assert find_leftovers(Place(tmp_path / "new", []).target) == ()


def test_a_copy_is_dropped(place: Place) -> None:
    place.run("CREATE TABLE _alembic_tmp_products AS SELECT * FROM products")
    (found,) = find_leftovers(place.target)
    assert found == Leftover("_alembic_tmp_products", "products", 3, False)
    mend_leftover(place.target, found)
    assert find_leftovers(place.target) == ()
    assert place.ask("SELECT count(*) FROM products") == [3]


def test_the_only_copy_gets_its_name_back(place: Place) -> None:
    place.run("ALTER TABLE products RENAME TO _alembic_tmp_products")
    (found,) = find_leftovers(place.target)
    assert found.is_only_copy
    mend_leftover(place.target, found)
    assert place.ask("SELECT count(*) FROM products") == [3]


def test_what_changed_meanwhile_is_left_alone(place: Place) -> None:
    place.run("CREATE TABLE _alembic_tmp_products AS SELECT * FROM products")
    (found,) = find_leftovers(place.target)
    with pytest.raises(RunError, match="look again"):
        mend_leftover(place.target, replace(found, rows=2))
    assert find_leftovers(place.target) == (found,)
