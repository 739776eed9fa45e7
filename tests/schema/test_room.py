"""A disk that is full is told from all else that can fail, with the folder that has no room."""

import errno
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from console.schema import postgresql_clone
from console.schema.clone import clone_of
from console.schema.errors import MigrationFailed, RunError
from console.schema.executor import apply
from console.schema.room import is_full
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.servers import engine_of

FULL = Sample(
    "bbbb1",
    ("aaaa1",),
    up="""\
op.execute("PRAGMA max_page_count = 12")
op.execute("CREATE TABLE big AS SELECT randomblob(900000) AS a")""",
)
RAISES = "DO $$ BEGIN RAISE 'could not extend file' USING ERRCODE = '53100'; END $$"
SIGNALS = "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1021, MESSAGE_TEXT = 'Disk full'"


def test_a_rehearsal_without_room_names_the_folder_of_copies(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS, FULL], at="aaaa1")
    error = place.rehearse().error
    assert error is not None
    assert error.startswith(
        "OperationalError: database or disk is full. There is no room left in "
        f"{place.workspace}, where copies are made"
    )
    assert "The database itself was not touched. Make room there" in error


def test_a_run_without_room_names_the_folder_of_the_database(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS, FULL], at="aaaa1")
    with pytest.raises(MigrationFailed) as caught:
        apply(place.target, place.plan())
    assert f"no room left in {tmp_path}, where the database lies" in str(caught.value)


@pytest.mark.parametrize(("kind", "sql"), [("postgresql", RAISES), ("mariadb", SIGNALS)])
def test_on_a_server_it_is_the_servers_disk(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, sql: str
) -> None:
    place = Served(tmp_path, request.getfixturevalue(kind), [PRODUCTS], at="aaaa1")
    place.write(Sample("bbbb1", ("aaaa1",), up=f"op.execute({sql!r})"))
    error = place.rehearse().error
    assert error is not None
    assert "on which the copy lies beside the database itself. That was not touched." in error
    with pytest.raises(MigrationFailed, match="The disk of the database server has no room left"):
        apply(place.target, place.plan())


def test_a_copy_without_room_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("console.schema.sqlite_clone._back_up", full)
    with (
        pytest.raises(RunError, match=f"no room left in {place.workspace}, where copies"),
        clone_of(place.target, place.workspace),
    ):
        pass


def test_a_server_without_room_for_a_copy_asks_for_no_rights(
    tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS], at="aaaa1")

    def full(*_: object) -> str:
        with engine_of(postgresql).connect() as connection:
            connection.exec_driver_sql(RAISES)
        return ""

    monkeypatch.setattr(postgresql_clone, "_copy_as_template", lambda *_: False)
    monkeypatch.setattr(postgresql_clone, "_spelling", full)
    with pytest.raises(RunError) as caught, clone_of(place.target, place.workspace):
        pass
    assert "could not extend file" in str(caught.value)
    assert "The disk of the database server has no room left" in str(caught.value)
    assert "CREATEDB" not in str(caught.value)


def test_what_else_fails_is_no_full_disk(postgresql: str) -> None:
    assert not is_full(None)
    assert not is_full(ValueError(1))
    assert not is_full(OSError(errno.EACCES, "no"))
    with pytest.raises(DBAPIError) as caught, engine_of(postgresql).connect() as connection:
        connection.exec_driver_sql("SELECT 1 / 0")
    assert not is_full(caught.value)
    busy = sqlite3.OperationalError("locked")
    assert not is_full(busy)
