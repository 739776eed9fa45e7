"""alone: executes what PostgreSQL runs outside of any transaction, and takes away what a failure leaves."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from console.schema.blame import one_line
from console.schema.concurrent import indexes_now, is_patient, parse
from console.schema.driver import code_of
from console.schema.errors import MigrationFailed
from console.schema.invalid_index import InvalidIndex, rows_of_invalid, stays
from console.schema.journal import execute
from console.schema.postgresql import LOCK_MILLISECONDS, WAITED

IN_TRANSACTION = "25001"  # what the server says of a statement that can be in none


@dataclass(frozen=True)
class Alone:
    """One statement on a driver's connection in autocommit mode. `send` sends it, and is called again
    where it meets a lock, for `wait` seconds; `forget` is called where it failed and nothing of it is
    left."""

    raw: Any
    sql: str
    send: Callable[[], None]
    wait: float
    forget: Callable[[], None] = lambda: None

    def run(self, before: str = "") -> None:
        """Execute it. `before` are the indexes from before it, if they have been read.

        Raises MigrationFailed, which says what stays, and what the driver raises when the connection
        is gone: whoever goes on has to look.
        """
        known = before or indexes_now(self.raw)
        deadline = time.monotonic() + self.wait
        while True:
            try:
                return self._send(deadline)
            except Exception as error:
                self._failed(error, known, deadline)
            time.sleep(random.uniform(0.2, 1))  # noqa: S311 - jitter

    def _send(self, deadline: float) -> None:
        """Send it with the lock timeout that it may have: readers never wait behind a patient one."""
        left = max(int((deadline - time.monotonic()) * 1000), LOCK_MILLISECONDS)
        wait = left if is_patient(self.sql) else LOCK_MILLISECONDS
        execute(self.raw, f"SET lock_timeout = '{wait}ms'")
        try:
            self.send()
        finally:
            with suppress(Exception):  # the connection may be gone
                execute(self.raw, "RESET lock_timeout")

    def _failed(self, error: Exception, before: str, deadline: float) -> None:
        """Clear up after a failure. Returns where the statement may be tried again, else raises."""
        statement = parse(self.sql)
        try:
            left = [i for i in rows_of_invalid(self.raw) if statement.left(i, json.loads(before))]
        except Exception:  # the connection is gone; whoever goes on will look
            raise error from None
        said = one_line(error).rstrip(".") + "."
        is_waiting = code_of(cause_of(error)) in WAITED and time.monotonic() < deadline
        if statement.verb == "drop" and left:
            if is_waiting:
                return
            raise MigrationFailed(f"{said} {stays(left)}") from error
        try:
            drop_all(self.raw, left, self.wait)
        except Exception as second:
            raise MigrationFailed(f"{said} {stays(left)}") from second
        if is_waiting:
            return
        self.forget()
        names = ", ".join(map(str, left))
        dropped = f" The index {names}, which it had left invalid, was dropped." if left else ""
        raise MigrationFailed(f"{said}{dropped}") from error


def drop_all(raw: Any, indexes: list[InvalidIndex], wait: float) -> None:
    """Drop invalid indexes while everybody goes on; raises what the server does."""
    for index in indexes:
        execute(raw, f"SET lock_timeout = {int(wait * 1000)}")
        try:
            execute(raw, f"DROP INDEX CONCURRENTLY IF EXISTS {index.source}")
        finally:
            with suppress(Exception):
                execute(raw, "RESET lock_timeout")


def cause_of(error: Exception) -> Any:
    """The driver's own error behind one of SQLAlchemy's."""
    return getattr(error, "orig", None) or error
