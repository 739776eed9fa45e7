"""A database of MariaDB or MySQL is copied by the programs of its own server, wherever they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from console.schema.errors import Unsupported
from console.schema.mariadb_clone import access_to
from console.schema.mariadb_programs import programs_for
from tests.servers import engine_of

SAYS = {
    "mariadb": "Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)",
    "mysql": "Ver 9.7.4 for Linux on x86_64 (MySQL Community Server - GPL)",
}
Put = Callable[..., None]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """A function that puts programs of one of the two into a folder of the PATH, which has no others."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'one'}:{tmp_path / 'two'}")

    def put(folder: str, whose: str, *names: str) -> None:
        (tmp_path / folder).mkdir(exist_ok=True)
        for name in names:
            path = tmp_path / folder / name
            path.write_text(f"#!/bin/sh\necho '{name} {SAYS[whose]}'\n")
            path.chmod(0o755)

    return put


@pytest.fixture
def on_mysql(mysql: str) -> Iterator[Connection]:
    with engine_of(mysql).connect() as connection:
        yield connection


@pytest.fixture
def on_mariadb(mariadb: str) -> Iterator[Connection]:
    with engine_of(mariadb).connect() as connection:
        yield connection


def test_mysql_is_copied_by_its_own_whatever_else_is_called_so(
    on_mysql: Connection, put: Put, tmp_path: Path
) -> None:
    put("one", "mariadb", "mariadb-dump", "mariadb", "mysqldump", "mysql")
    put("two", "mysql", "mysqldump", "mysql")
    found = programs_for(on_mysql)
    assert (found.dumper, found.client) == (f"{tmp_path}/two/mysqldump", f"{tmp_path}/two/mysql")
    assert found.flags == ("--set-gtid-purged=OFF",)


def test_mariadb_is_copied_by_its_own(on_mariadb: Connection, put: Put, tmp_path: Path) -> None:
    put("one", "mysql", "mysqldump", "mysql")
    put("two", "mariadb", "mysqldump", "mysql")
    found = programs_for(on_mariadb)
    assert (found.dumper, found.flags) == (f"{tmp_path}/two/mysqldump", ())
    put("two", "mariadb", "mariadb-dump", "mariadb")
    assert programs_for(on_mariadb).client == f"{tmp_path}/two/mariadb"


def test_those_of_the_other_will_do_where_they_can(
    on_mysql: Connection, put: Put, tmp_path: Path
) -> None:
    put("one", "mariadb", "mariadb-dump", "mariadb")
    on_mysql.exec_driver_sql("CREATE TABLE t (a integer, made timestamp DEFAULT now())")
    assert programs_for(on_mysql).dumper == f"{tmp_path}/one/mariadb-dump"
    on_mysql.exec_driver_sql("ALTER TABLE t ADD twice integer AS (a * 2)")
    with pytest.raises(Unsupported, match=r"Copying t\.twice takes MySQL's own mysqldump"):
        programs_for(on_mysql)


def test_without_any_it_is_said_what_to_install(on_mysql: Connection, put: Put) -> None:
    put("one", "mysql", "mysql")
    with pytest.raises(Unsupported, match=r"takes mysqldump. Install the client programs"):
        programs_for(on_mysql)


def test_they_connect_as_the_url_says_and_by_its_tls() -> None:
    url = make_url(
        "mysql+pymysql://me@there:33/shop?ssl_ca=/ca.pem&ssl_key=/key.pem&charset=utf8mb4"
    )
    assert access_to(url) == [
        *("--host", "there", "--port", "33", "--user", "me"),
        *("--ssl-ca=/ca.pem", "--ssl-key=/key.pem"),
    ]
