"""What a failed concurrent build leaves is found, and dropped only if it is still what it was."""

import threading
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from console.schema.errors import RunError, TargetLocked
from console.schema.invalid_index import drop_invalid_index, find_invalid_indexes
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.served import Served
from tests.schema.together import said_by
from tests.servers import engine_of

WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'"


@pytest.fixture
def place(tmp_path: Path, postgresql: str) -> Served:
    """Three products and three reviews, two of them of one product."""
    return Served(tmp_path, postgresql, [PRODUCTS, PRICE], at="aaaa1")


def fail_to_build(place: Served) -> None:
    """Leave an invalid index, as everybody can."""
    with pytest.raises(IntegrityError):
        place.run('CREATE UNIQUE INDEX CONCURRENTLY "One of" ON reviews (product_id)')


def test_what_a_failed_build_leaves_is_found_and_dropped(place: Served) -> None:
    assert find_invalid_indexes(place.target) == ()
    fail_to_build(place)
    (index,) = find_invalid_indexes(place.target)
    assert (index.name, index.table, index.is_busy) == ("One of", "reviews", False)
    assert index.source == 'public."One of"'
    assert index.definition.startswith("CREATE UNIQUE INDEX")
    assert str(index) == "One of of reviews"
    drop_invalid_index(place.target, index)
    assert find_invalid_indexes(place.target) == ()
    with pytest.raises(RunError, match="not what it was"):
        drop_invalid_index(place.target, index)


def test_of_several_who_drop_it_at_once_one_does_and_the_others_are_told(place: Served) -> None:
    for _ in range(5):
        fail_to_build(place)
        (index,) = find_invalid_indexes(place.target)
        said = said_by(4, partial(drop_invalid_index, place.target, index))
        assert said.count("done") == 1
        told = ("is building or dropping an index", "is not what it was")
        others = [one for one in said if one != "done"]
        assert [one for one in others if not any(words in one for words in told)] == []
        assert find_invalid_indexes(place.target) == ()


def test_an_index_that_has_become_valid_stays(place: Served) -> None:
    fail_to_build(place)
    (index,) = find_invalid_indexes(place.target)
    place.run('DELETE FROM reviews WHERE id = 2;\nREINDEX INDEX "One of"')
    with pytest.raises(RunError, match="not what it was"):
        drop_invalid_index(place.target, index)
    assert place.ask(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = '\"One of\"'::regclass"
    ) == [True]


def test_an_index_that_somebody_is_building_is_left_alone(place: Served) -> None:
    with engine_of(place.url).connect() as other:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("UPDATE reviews SET text = 'x' WHERE id = 1")
        build = threading.Thread(
            target=place.run, args=("CREATE INDEX CONCURRENTLY by_product ON reviews (product_id)",)
        )
        build.start()
        while place.ask(WAITS) != [1]:
            pass
        (index,) = find_invalid_indexes(place.target)
        assert index.is_busy
        with pytest.raises(RunError, match="Another session"):
            drop_invalid_index(place.target, index)
        other.exec_driver_sql("COMMIT")
    build.join()
    assert find_invalid_indexes(place.target) == ()


def test_a_transaction_that_uses_the_table_is_waited_for(place: Served) -> None:
    fail_to_build(place)
    (index,) = find_invalid_indexes(place.target)
    with engine_of(place.url).connect() as other:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("SELECT * FROM reviews")
        with pytest.raises(TargetLocked, match=r"within 0\.3 seconds, so the index One of"):
            drop_invalid_index(place.target, index, lock_wait=0.3)
    (index,) = find_invalid_indexes(place.target)
    drop_invalid_index(place.target, index)
    assert find_invalid_indexes(place.target) == ()


def test_the_index_of_a_partitioned_table_is_no_failure(place: Served) -> None:
    place.run(
        "CREATE TABLE parted (id int) PARTITION BY RANGE (id);\n"
        "CREATE TABLE part PARTITION OF parted FOR VALUES FROM (1) TO (9);\n"
        "CREATE INDEX whole ON ONLY parted (id)"
    )
    assert find_invalid_indexes(place.target) == ()


def test_other_databases_have_none(tmp_path: Path) -> None:
    assert find_invalid_indexes(Place(tmp_path, [PRODUCTS]).target) == ()
