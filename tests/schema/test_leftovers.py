"""What batch mode forgot is dropped, unless it is the only copy of its rows."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from console.schema.errors import RunError, TargetLocked
from console.schema.leftovers import Leftover, find_leftovers, mend_leftover
from tests.histories.place import PRODUCTS, Place
from tests.histories.served import Served
from tests.schema.together import said_by
from tests.servers import engine_of


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


@pytest.fixture(params=["sqlite", "mariadb", "mysql", "postgresql"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """The same on every database."""
    if request.param == "sqlite":
        return Place(tmp_path, [PRODUCTS], at="aaaa1")
    return Served(tmp_path, request.getfixturevalue(request.param), [PRODUCTS], at="aaaa1")


@pytest.mark.parametrize("is_only_copy", [False, True])
def test_of_several_who_mend_at_once_one_does_and_the_others_are_told(
    anywhere: Place, is_only_copy: bool
) -> None:
    several = 4
    for _ in range(3):
        anywhere.run("CREATE TABLE _alembic_tmp_parts AS SELECT * FROM products")
        if not is_only_copy:
            anywhere.run("CREATE TABLE parts (id INTEGER)")
        (found,) = find_leftovers(anywhere.target)
        said = said_by(several, partial(mend_leftover, anywhere.target, found))
        other = "_alembic_tmp_parts is not what it was: somebody else has changed it meanwhile."
        assert [one.partition(" Nothing")[0] for one in said] == [other] * (several - 1) + ["done"]
        assert anywhere.ask("SELECT count(*) FROM parts") == [3 if is_only_copy else 0]
        anywhere.run("DROP TABLE parts")


def test_whoever_reads_a_leftover_is_not_waited_for_for_ever(tmp_path: Path, either: str) -> None:
    place = Served(tmp_path, either, [PRODUCTS], at="aaaa1")
    place.run("CREATE TABLE _alembic_tmp_products AS SELECT * FROM products")
    (found,) = find_leftovers(place.target)
    with engine_of(place.url).connect() as other:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("SELECT count(*) FROM _alembic_tmp_products")
        with pytest.raises(TargetLocked, match="so nothing was started"):
            mend_leftover(place.target, found, lock_wait=1)
    mend_leftover(place.target, found)
    assert find_leftovers(place.target) == ()


def test_where_nobody_may_write_a_leftover_stays_and_that_is_said(
    tmp_path: Path, postgresql: str
) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS], at="aaaa1")
    place.run("CREATE TABLE _alembic_tmp_products AS SELECT * FROM products")
    (found,) = find_leftovers(place.target)
    name = place.target.parsed_url.database
    place.run(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    with pytest.raises(RunError, match=r"^_alembic_tmp_products stays as it is\. Nobody may write"):
        mend_leftover(place.target, found)
    assert find_leftovers(place.target) == (found,)
