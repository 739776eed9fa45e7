"""store: the connection to the console's own database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from console.store import models  # noqa: F401 - relationships need every model to be imported
from console.store.unavailable import in_words

BUSY_MILLISECONDS = 30_000


class Store:
    """The console's own database at `url`. Making one opens no connection and creates nothing."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = make_engine(url)
        self._writer = self.engine.execution_options(console_writes=True)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Yield a session that commits at the end of the block and rolls back on any error.

        On SQLite it takes the write lock at its start, so that what it reads still holds when it
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
    """An engine for the store; on SQLite with write-ahead log, foreign keys and real transactions."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # the driver's own transactions begin too late and end around DDL; `begin` below does it instead
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
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
    writes = connection.get_execution_options().get("console_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
