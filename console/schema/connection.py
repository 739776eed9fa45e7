"""connection: a short look at a target's database that can neither create nor change anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from console.schema.cancel import CANCELLED, Cancelled, ending, never
from console.schema.driver import engine_of
from console.schema.errors import RunCancelled
from console.schema.flavour import flavour_of
from console.schema.target import Target, sqlite_file

__all__ = ["read_only", "sqlite_file"]

BUSY_SECONDS = 10
STATEMENT_SECONDS = 30  # on a server: a look must not become a burden
LOCK_SECONDS = 5
# How a session of a server is called, and how another one ends it.
SESSIONS = {
    "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({})"),
    "mysql": ("SELECT connection_id()", "KILL {}"),
    "mariadb": ("SELECT connection_id()", "KILL {}"),
}


@contextmanager
def read_only(target: Target, cancelled: Cancelled = never) -> Iterator[Connection | None]:
    """Yield a read-only connection to the target's database, closed at the end.

    Yields None where there is no database yet: an SQLite file that does not exist (it is not
    created), or a database in memory. SQLAlchemy's errors pass through. Raises RunCancelled where
    `cancelled` says so, between two statements and on a server within one.
    """
    engine = _engine(target.parsed_url)
    if engine is None:
        yield None
        return
    try:
        with _ending_early(engine, cancelled), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _ending_early(engine: Engine, cancelled: Cancelled) -> Iterator[None]:
    """End what the engine's connection does during the block as soon as `cancelled` says so."""
    if cancelled is never:
        yield
        return
    which, kill = SESSIONS.get(engine.dialect.name, ("", ""))
    sessions: list[int] = []

    def look(*_: object) -> None:
        if cancelled():
            raise RunCancelled(CANCELLED)

    def note(connection: Connection) -> None:
        sessions.append(int(connection.exec_driver_sql(which).scalar_one()))

    def end() -> None:
        with suppress(DBAPIError), engine_of(engine.url).connect() as other:  # it may be gone
            for session in sessions:
                other.exec_driver_sql(kill.format(session))

    event.listen(engine, "before_cursor_execute", look)
    if which:
        event.listen(engine, "begin", note)
    with ending(cancelled, end):
        yield


def _engine(url: URL) -> Engine | None:
    """Return an engine whose every connection is read-only; None for nothing there."""
    if url.get_backend_name() != "sqlite":
        engine = engine_of(url)
        event.listen(engine, "begin", _begin_read_only)
        return engine
    file = sqlite_file(url)
    if file is None or not file.is_file():
        return None
    # Not mode=ro: what a killed process left in the journal has to be rolled back before reading.
    address = f"file:{quote(str(file))}?mode=rw"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        connection.execute("PRAGMA query_only = ON")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    # One snapshot for all that is read: the driver would otherwise not begin for a SELECT.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _begin_read_only(connection: Connection) -> None:
    """Begin one snapshot that the server itself keeps from writing, and that cannot last."""
    for statement in _beginning(connection):
        connection.exec_driver_sql(statement)


def _beginning(connection: Connection) -> tuple[str, ...]:
    """What makes the transaction such a snapshot."""
    if connection.dialect.name == "postgresql":
        return (
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'",
            f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'",
        )
    if connection.dialect.name not in ("mysql", "mariadb"):
        return ()
    flavour = flavour_of(connection)
    return (
        flavour.limit(STATEMENT_SECONDS),
        *flavour.fresh,
        f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}",
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",  # for DDL too
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    )
