"""driver: an engine of our own on a target's database, by whatever driver is installed here."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from console.schema.errors import Unsupported
from console.schema.flavour import MYSQL, flavour_in

FALLBACKS = {
    "sqlite": ("sqlite+pysqlite", "Python with sqlite3"),
    "postgresql": ("postgresql+psycopg", "psycopg[binary]"),
    "mysql": ("mysql+pymysql", "PyMySQL"),
    "mariadb": ("mariadb+pymysql", "PyMySQL"),
}
CONNECT_SECONDS = 10
READ_ONLY = ("25006", "1792")  # what PostgreSQL, MariaDB and MySQL say to who writes all the same
PREVENTED = 1290  # what MariaDB and MySQL say of what an option of the server forbids
NOBODY_WRITES = (
    "Nobody may write here: this is a standby, or read_only (MariaDB, MySQL) or "
    "default_transaction_read_only (PostgreSQL) is on. Name a server that takes writes, or switch that off."
)
# What clients of MariaDB and MySQL set for safety, and servers for all: it cuts off what is read, without a word.
ALL_ROWS = "sql_select_limit = 18446744073709551615, sql_big_selects = 1"
LIMITED = frozenset(["psycopg", "psycopg2", "pymysql", "mysqldb"])  # take connect_timeout


def engine_of(url: URL, **options: Any) -> Engine:
    """Return an engine that keeps no connection open, synchronous whatever the URL's driver is.

    Raises Unsupported where no driver for the database is installed; connecting does, where a URL
    calls a MySQL server MariaDB, or the driver would give bytes for text.
    """
    url = installed(url)
    arguments = {"connect_timeout": CONNECT_SECONDS} if url.get_driver_name() in LIMITED else {}
    engine = create_engine(url, poolclass=NullPool, connect_args=arguments, **options)
    if url.get_backend_name() in ("mariadb", "mysql"):
        event.listen(engine, "connect", _see_all)
    if url.get_backend_name() == "mariadb":
        event.listen(engine, "connect", _refuse_mysql, insert=True)
    if url.get_driver_name() == "psycopg":
        event.listen(engine, "connect", _refuse_bytes, insert=True)
    return engine


def _refuse_bytes(dbapi_connection: Any, _: Any) -> None:
    """SQLAlchemy would fail at the first text, and not say why."""
    if dbapi_connection.info.parameter_status("client_encoding") == "SQL_ASCII":
        raise Unsupported(
            "This connection is in SQL_ASCII, in which psycopg gives bytes and no text. Nothing was "
            "changed. Write ?client_encoding=utf8 at the end of the URL."
        )


def _refuse_mysql(dbapi_connection: Any, _: Any) -> None:
    """SQLAlchemy, too, takes a URL of MariaDB at its word, and says less."""
    (version,) = ask(dbapi_connection, "SELECT version()")
    if flavour_in(version) is MYSQL:
        raise Unsupported(
            f"The URL says mariadb, and the server is MySQL {version}. Write mysql+pymysql:// there, or "
            "mysql:// with another driver."
        )


def _see_all(dbapi_connection: Any, _: Any) -> None:
    """Nothing that we read is cut off."""
    run(dbapi_connection, f"SET SESSION {ALL_ROWS}")


def installed(url: URL) -> URL:
    """Return the URL with a driver that is installed and synchronous: its own if that is so."""
    backend = url.get_backend_name()
    if _is_usable(url):
        return url
    name, package = FALLBACKS.get(backend, ("", ""))
    other = url.set(drivername=name) if name else url
    if not name or not _is_usable(other):
        wanted = package or f"a driver for {backend}"
        raise Unsupported(f"To reach a {backend} database, install {wanted}.")
    return other


def _is_usable(url: URL) -> bool:
    dialect = url.get_dialect()
    if dialect.is_async:
        return False
    try:
        dialect.import_dbapi()
    except ImportError:
        return False
    return True


def ask(dbapi_connection: Any, sql: str, *parameters: Any) -> tuple[Any, ...]:
    """Return the one row of a question on a driver's connection."""
    cursor = dbapi_connection.cursor()
    try:
        cursor.execute(sql, parameters) if parameters else cursor.execute(sql)
        return tuple(cursor.fetchone())
    finally:
        cursor.close()


def fetch(dbapi_connection: Any, sql: str) -> list[tuple[Any, ...]]:
    """Return all rows of a question on a driver's connection."""
    cursor = dbapi_connection.cursor()
    try:
        cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()]
    finally:
        cursor.close()


def ended(url: URL, alive: str, kill: str, seconds: float) -> bool:
    """End a session of a server, and wait until it is gone; False if it stays. `alive` is the SQL that
    counts it, `kill` the SQL that ends it."""
    with engine_of(url, isolation_level="AUTOCOMMIT").connect() as connection:
        deadline = time.monotonic() + seconds
        while connection.exec_driver_sql(alive).scalar():
            with suppress(DBAPIError):  # gone in the meantime
                connection.exec_driver_sql(kill)
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
    return True


def run(dbapi_connection: Any, sql: str) -> None:
    """Execute a statement on a driver's connection."""
    cursor = dbapi_connection.cursor()
    try:
        cursor.execute(sql)
    finally:
        cursor.close()


def is_read_only(error: BaseException) -> bool:
    """Whether a server refuses to write at all: a standby, or one, a database or a role that is set so."""
    source = getattr(error, "orig", None) or error
    said = str(source).lower().replace("_", "-")
    return forbids(source) or (source.args[:1] == (PREVENTED,) and "read-only" in said)


def forbids(error: BaseException) -> bool:
    """Whether a server refuses to write in a transaction that may only read."""
    return number_of(error) in READ_ONLY


def number_of(error: Any) -> str:
    """How a server numbers what it says: the SQLSTATE on PostgreSQL, else the first thing that it says;
    "" for none."""
    return str(code_of(error) or (error.args[0] if error.args else ""))


def code_of(error: Any) -> str | None:
    """The SQLSTATE of a driver's error, whatever the driver calls it."""
    return getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
