"""server: what databases on a server have in common: others connect to it meanwhile, and a session that
migrates holds a lock beyond its transactions."""

from __future__ import annotations

import random
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from sqlalchemy.engine import Connection

from console.schema.dialect import Busy, Dialect, is_managed
from console.schema.driver import ask, engine_of
from console.schema.target import Target


class ServerDialect(Dialect):
    """`drivers` are the modules of its drivers' connections, `take` and `free` the questions by which a
    session takes the lock of its database, if nobody has it, and gives it back, and `counted` the one
    for the kind, the name and the table of each object outside of tables."""

    drivers: tuple[str, ...]
    take: str
    free: str
    counted: str

    def __init__(self) -> None:
        self.holder: Any = None  # the connection that has the lock

    def speaks(self, dbapi_connection: Any) -> bool:
        return type(dbapi_connection).__module__.startswith(self.drivers)

    def reach(self, target: Target) -> str:
        with engine_of(target.parsed_url).connect() as connection:
            return self.identify(connection.connection.dbapi_connection)

    def settle(self, target: Target, seconds: float) -> bool:
        with engine_of(target.parsed_url).connect() as connection:
            raw = connection.connection.dbapi_connection
            try:
                self.take_lock(raw, seconds)
            except Busy:
                return False
            self.release(raw)
            return True

    def take_lock(self, dbapi_connection: Any, seconds: float) -> None:
        """Take the lock, asking again and again; raises Busy where somebody keeps it that long."""
        deadline = time.monotonic() + seconds
        while not ask(dbapi_connection, self.take)[0]:
            dbapi_connection.rollback()  # who waits holds nothing
            if time.monotonic() > deadline:
                raise Busy
            time.sleep(random.uniform(0.05, 0.25))  # noqa: S311 - jitter
        dbapi_connection.rollback()  # what is read from here on is newer than the lock
        self.holder = dbapi_connection

    def release(self, dbapi_connection: Any) -> None:
        if self.commits(dbapi_connection):
            self.holder = None
            with suppress(Exception):  # a connection that is broken holds nothing
                dbapi_connection.rollback()
                ask(dbapi_connection, self.free)
                dbapi_connection.rollback()

    def commits(self, dbapi_connection: Any) -> bool:
        return self.holder is dbapi_connection

    def violations(self, connection: Connection) -> dict[str, int]:
        return {}  # a server lets none in

    def objects(
        self, connection: Connection, exclude: Collection[str]
    ) -> tuple[tuple[str, str], ...]:
        rows = connection.exec_driver_sql(self.counted)
        return tuple((row[0], row[1]) for row in rows if is_managed(row[2], exclude))
