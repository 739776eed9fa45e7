"""store: the connection to the console's own database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, PoolResetState

from console.store import models  # noqa: F401 - relationships need every model to be imported
from console.store.patience import patience
from console.store.unavailable import LOCKED, StoreUnavailable, in_words

WRITERS = 11292708671  # the key of the lock that writers take, in the store's own database
WRITERS_OF_MARIADB = "concat('console_store:', left(sha2(database(), 256), 40))"
HELD = "console_store_lock"


class Store:
    """The console's own database at `url`. Making one opens no connection and creates nothing."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = make_engine(url)
        self._writer = self.engine.execution_options(console_writes=True)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Yield a session that commits at the end of the block and rolls back on any error.

        It takes a lock at its start that all writers take, so that what it reads still holds when it
        writes; keep the block short. StoreUnavailable where the database does not work.
        """
        with (
            in_words(),
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Yield a session for reading one consistent state; whatever it changed is forgotten.

        StoreUnavailable where the database does not work.
        """
        with in_words(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        """Close every pooled connection; the store can be used again afterwards."""
        self.engine.dispose()


def make_engine(url: str) -> Engine:
    """An engine for the store, whose writers come one after the other; on SQLite with write-ahead
    log, foreign keys and real transactions."""
    engine = create_engine(url)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _begin_postgresql)
    elif engine.dialect.name in ("mysql", "mariadb"):
        event.listen(engine, "begin", _begin_mariadb)
        event.listen(engine, "reset", _release_mariadb)
    elif engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # the driver's own transactions begin too late and end around DDL; `begin` below does it instead
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={patience.get()}")
    _switch_to_wal(cursor)
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _switch_to_wal(cursor: DBAPICursor) -> None:
    """Turn the write-ahead log on; two processes that do so at once do not wait for each other."""
    for attempt in range(100):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except Exception as error:
            if "locked" not in str(error) or attempt == 99:
                raise
            time.sleep(0.05)


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(f"PRAGMA busy_timeout={patience.get()}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes(connection) else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if _writes(connection):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(patience.get(), 1)}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")


def _begin_mariadb(connection: Connection) -> None:
    """Take the lock before the first read, which fixes what the transaction sees."""
    if _writes(connection):
        question = f"SELECT GET_LOCK({WRITERS_OF_MARIADB}, {patience.get() / 1000})"
        if connection.exec_driver_sql(question).scalar() != 1:
            raise StoreUnavailable(LOCKED)
        connection.info[HELD] = True


def _release_mariadb(
    connection: DBAPIConnection, record: ConnectionPoolEntry, _state: PoolResetState
) -> None:
    """Free the lock, which belongs to the session and outlives the transaction."""
    if record.info.pop(HELD, False):
        cursor = connection.cursor()
        cursor.execute(f"DO RELEASE_LOCK({WRITERS_OF_MARIADB})")
        cursor.close()


def _writes(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("console_writes", False))
