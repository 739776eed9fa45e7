"""A look at a database neither creates nor changes anything."""

import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from console.schema.connection import read_only
from tests.histories.script_folder import target_of


@pytest.fixture
def target(tmp_path):
    return target_of(tmp_path / "migrations")


def make(tmp_path, *statements):
    connection = sqlite3.connect(tmp_path / "database.db")
    for statement in ("CREATE TABLE t (a)", "INSERT INTO t VALUES (1)", *statements):
        connection.execute(statement).fetchall()
        connection.commit()
    return connection


def test_a_file_that_does_not_exist_is_nothing_and_is_not_created(target, tmp_path):
    with read_only(target) as connection:
        assert connection is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory"])
def test_a_database_in_memory_is_nothing(tmp_path, monkeypatch, url):
    monkeypatch.chdir(tmp_path)
    with read_only(target_of(tmp_path / "migrations", url=url)) as connection:
        assert connection is None


@pytest.mark.parametrize(
    "statement", ["INSERT INTO t VALUES (2)", "CREATE TABLE u (a)", "DROP TABLE t"]
)
def test_writing_is_refused(target, tmp_path, statement):
    make(tmp_path).close()
    with read_only(target) as connection, pytest.raises(OperationalError, match="readonly"):
        connection.exec_driver_sql(statement)


def test_all_reads_see_one_state(target, tmp_path):
    writer = make(tmp_path, "PRAGMA journal_mode = WAL")
    with read_only(target) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 1
        writer.execute("INSERT INTO t VALUES (2)")
        writer.commit()
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 1
    writer.close()


def test_nothing_is_left_beside_a_database_with_a_write_ahead_log(target, tmp_path):
    make(tmp_path, "PRAGMA journal_mode = WAL").close()
    with read_only(target) as connection:
        assert connection.exec_driver_sql("SELECT a FROM t").scalar() == 1
    assert [path.name for path in tmp_path.iterdir()] == ["database.db"]


def test_a_database_that_somebody_is_writing_to_can_be_read(target, tmp_path):
    writer = make(tmp_path)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO t VALUES (2)")
    with read_only(target) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 1
    writer.rollback()
    writer.close()


def test_a_name_with_signs_of_a_url_is_found(tmp_path):
    path = tmp_path / "50% of? a#b.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    target = target_of(tmp_path / "migrations", url="sqlite:///" + str(path).replace("?", "%3F"))
    if target.parsed_url.database != str(path):  # a URL cannot say a question mark
        path = path.rename(target.parsed_url.database)
    with read_only(target) as found:
        assert found.exec_driver_sql("SELECT count(*) FROM t").scalar() == 0
