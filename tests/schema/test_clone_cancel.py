"""A copy that somebody cancels ends at once, whatever the server waits for, and nothing of it is left."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from console.schema import mariadb_clone, postgresql_clone, sqlite_clone, sqlite_sample
from console.schema.clone import clone_of
from console.schema.errors import RunCancelled
from console.schema.rehearsal import rehearse
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.served import Served
from tests.processes import children_of
from tests.servers import engine_of

AT_ONCE = 10  # seconds, on a busy machine; what would go on waits for 60
NAMES = {
    "postgresql": "SELECT datname FROM pg_database",
    "mysql": "SELECT schema_name FROM information_schema.schemata",
}


def later(times: int) -> Callable[[], bool]:
    """Somebody who asks for the end when he has been asked so often."""
    asked = iter(range(times))
    return lambda: next(asked, None) is None


@contextmanager
def ends_at_once(place: Place) -> Iterator[None]:
    """What happens in the block is cancelled, soon, and leaves nothing."""
    children, begun = children_of(os.getpid()), time.monotonic()
    with pytest.raises(RunCancelled, match="It was cancelled"):
        yield
    assert time.monotonic() - begun < AT_ONCE
    assert children_of(os.getpid()) == children
    assert list(place.workspace.iterdir()) == []
    if isinstance(place, Served):
        sql = NAMES[place.target.parsed_url.get_backend_name()]
        assert [name for name in place.ask(sql) if place.target.key in name] == []


def copy(place: Place, cancelled: Callable[[], bool]) -> None:
    with clone_of(place.target, place.workspace, cancelled):
        raise AssertionError("the copy was made")


def waiting(url: str, query: str) -> Callable[[], bool]:
    """Whether a session of the server waits in this query."""
    if url.startswith("postgresql"):
        sql = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event IS NOT NULL "
            f"AND state = 'active' AND query LIKE '{query}'"
        )
    else:
        sql = f"SELECT count(*) FROM information_schema.processlist WHERE info LIKE '{query}'"

    def look() -> bool:
        with engine_of(url).connect() as connection:
            return bool(connection.exec_driver_sql(sql.replace("%", "%%")).scalar())

    return look


def test_on_sqlite_between_two_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    monkeypatch.setattr(sqlite_clone, "PAGES", 1)
    before = place.dump()
    with ends_at_once(place):
        copy(place, later(3))
    assert place.dump() == before


def test_on_sqlite_in_the_middle_of_a_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    place.target = replace(place.target, rehearsal_limit=0)
    monkeypatch.setattr(sqlite_sample, "INSTRUCTIONS", 10)
    with ends_at_once(place):
        copy(place, later(3))


def test_on_sqlite_a_writer_between_two_portions_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    place.run("PRAGMA journal_mode = WAL")
    monkeypatch.setattr(sqlite_clone, "PAGES", 1)
    with closing(sqlite3.connect(place.file, isolation_level=None)) as other:
        portions = []

        def write() -> bool:
            other.execute("UPDATE products SET weight = coalesce(weight, 0) + 1")
            portions.append(1)
            assert len(portions) < 100, "it begins again and again"
            return False

        with clone_of(place.target, place.workspace, write) as clone:
            path = clone.target.parsed_url.database or ""
            with closing(sqlite3.connect(path)) as copied:
                weights = copied.execute("SELECT weight FROM products ORDER BY id").fetchall()
        begun = weights[-1][0]  # what had been written before it began
        assert weights == [(700 + begun,), (4200 + begun,), (begun,)]
        (size,) = other.execute("PRAGMA page_count").fetchone()
    assert len(portions) == begun + size


def test_on_postgresql_while_a_template_is_copied(tmp_path: Path, postgresql: str) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS], at="aaaa1")
    url = place.target.parsed_url
    beside = url.set(database="postgres").render_as_string(hide_password=False)
    with engine_of(beside).connect() as other:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql(f'COMMENT ON DATABASE "{url.database}" IS NULL')  # it waits for this
        with ends_at_once(place):
            copy(place, waiting(beside, "CREATE DATABASE%"))
        other.exec_driver_sql("ROLLBACK")


def test_on_postgresql_while_it_is_dumped(tmp_path: Path, postgresql: str) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS], at="aaaa1")
    with engine_of(place.url).connect() as other:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("LOCK TABLE products")
        with ends_at_once(place):
            copy(place, waiting(place.url, "LOCK TABLE%"))
        other.exec_driver_sql("ROLLBACK")


def test_on_mariadb_and_mysql_while_it_is_dumped(tmp_path: Path, either: str) -> None:
    place = Served(tmp_path, either, [PRODUCTS], at="aaaa1")
    with engine_of(place.url).connect() as other:
        other.exec_driver_sql("LOCK TABLES products WRITE")
        with ends_at_once(place):
            copy(place, later(10))
        other.exec_driver_sql("UNLOCK TABLES")


@pytest.mark.parametrize(
    ("kind", "module", "sleep"),
    [
        ("postgresql", postgresql_clone, "SELECT pg_sleep(60)"),
        ("mariadb", mariadb_clone, "SELECT sleep(60)"),
        ("mysql", mariadb_clone, "SELECT sleep(60)"),
    ],
)
def test_on_servers_in_the_middle_of_a_sample(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    module: object,
    sleep: str,
) -> None:
    place = Served(tmp_path, request.getfixturevalue(kind), [PRODUCTS], at="aaaa1")
    place.target = replace(place.target, rehearsal_limit=0)

    def slowly(url: URL, name: str) -> int:
        with engine_of(url.set(database=name).render_as_string(hide_password=False)).connect() as c:
            return len(c.exec_driver_sql(sleep).all())

    monkeypatch.setattr(module, "copy_rows", slowly)
    with ends_at_once(place):
        copy(place, waiting(place.url, f"{sleep}%"))


def test_a_rehearsal_says_that_only_a_clone_was_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    monkeypatch.setattr(sqlite_clone, "PAGES", 1)
    with pytest.raises(RunCancelled, match=r"It was cancelled\. Only a clone was touched\."):
        rehearse(place.target, place.plan(), workspace=place.workspace, cancelled=later(3))
