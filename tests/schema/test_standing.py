"""Where a database stands is read from its version table, and nothing is changed by that."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from console.schema.errors import UnreadableVersions
from console.schema.history import read_history
from console.schema.standing import read_standing
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import line, target_of, write_folder
from tests.histories.served import Served


def stamp(path, *heads, table="alembic_version"):
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (version_num VARCHAR(32) NOT NULL)")
    connection.executemany(f"INSERT INTO {table} VALUES (?)", [(head,) for head in heads])
    connection.commit()
    connection.close()


def test_a_database_that_does_not_exist_stands_nowhere_and_is_not_created(tmp_path):
    folder = write_folder(tmp_path / "migrations", line("aaaa", "bbbb"))
    target = target_of(folder)
    standing = read_standing(target, read_history(target))
    assert standing.heads == ()
    assert standing.pending == ("aaaa", "bbbb")
    assert not standing.is_up_to_date
    assert sorted(p.name for p in tmp_path.iterdir()) == ["migrations"]


def test_a_database_half_way_has_the_rest_pending_oldest_first(tmp_path):
    target = target_of(write_folder(tmp_path / "migrations", line("aaaa", "bbbb", "cccc", "dddd")))
    stamp(tmp_path / "database.db", "bbbb")
    standing = read_standing(target, read_history(target))
    assert standing.heads == ("bbbb",)
    assert standing.applied == {"aaaa", "bbbb"}
    assert standing.pending == ("cccc", "dddd")


def test_a_database_at_its_head_is_up_to_date(tmp_path):
    target = target_of(write_folder(tmp_path / "migrations", line("aaaa", "bbbb")))
    stamp(tmp_path / "database.db", "bbbb")
    assert read_standing(target, read_history(target)).is_up_to_date


def test_a_revision_that_no_file_carries_is_unknown(tmp_path):
    target = target_of(write_folder(tmp_path / "migrations", line("aaaa")))
    stamp(tmp_path / "database.db", "zzzz")
    standing = read_standing(target, read_history(target))
    assert standing.unknown == ("zzzz",)
    assert not standing.is_up_to_date


def test_a_database_without_a_version_table_stands_at_its_base(tmp_path):
    target = target_of(write_folder(tmp_path / "migrations", line("aaaa")))
    with closing(sqlite3.connect(tmp_path / "database.db")) as connection:
        connection.execute("CREATE TABLE x (id INTEGER)")
    assert read_standing(target, read_history(target)).heads == ()


def test_a_version_table_of_another_name_is_read(tmp_path):
    folder = write_folder(tmp_path / "migrations", line("aaaa"))
    stamp(tmp_path / "database.db", "aaaa", table="my_version")
    target = target_of(folder, version_table="my_version")
    assert read_standing(target, read_history(target)).is_up_to_date


def test_reading_leaves_the_database_as_it_was(tmp_path):
    target = target_of(write_folder(tmp_path / "migrations", line("aaaa")))
    database = tmp_path / "database.db"
    stamp(database, "aaaa")
    before = database.read_bytes()
    read_standing(target, read_history(target))
    assert database.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["database.db", "migrations"]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ("CREATE TABLE alembic_version (note varchar(9))", "has no column version_num"),
        (
            "CREATE TABLE alembic_version (version_num varchar(32));\n"
            "INSERT INTO alembic_version VALUES ('aaaa1'), (NULL)",
            "names no revision. Nothing was changed. Delete that row",
        ),
    ],
    ids=["another table", "a row of NULL"],
)
@pytest.mark.parametrize("server", ["sqlite", "postgresql", "mariadb", "mysql"])
def test_a_version_table_that_does_not_say_where_the_database_stands_is_told(
    tmp_path: Path, request: pytest.FixtureRequest, server: str, made: str, words: str
) -> None:
    place = (
        Place(tmp_path, [PRODUCTS], at="aaaa1")
        if server == "sqlite"
        else Served(tmp_path, request.getfixturevalue(server), [PRODUCTS], at="aaaa1")
    )
    for statement in ("DROP TABLE alembic_version", *made.split(";\n")):
        place.run(statement)
    with pytest.raises(UnreadableVersions, match=words):
        read_standing(place.target, read_history(place.target))
