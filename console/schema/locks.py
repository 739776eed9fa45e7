"""locks: which tables a step locks on PostgreSQL, from which statement on, and for how long.

What a transaction has locked stays locked until its end, so a look at its own entries in `pg_locks`
after each statement that may lock more tells all of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from console.schema.driver import fetch

# The modes that make others wait who only read or write, after PostgreSQL's table of conflicts.
WAITING = {
    "ShareLock": ("SHARE", "writers wait"),
    "ShareRowExclusiveLock": ("SHARE ROW EXCLUSIVE", "writers wait"),
    "ExclusiveLock": ("EXCLUSIVE", "writers wait"),
    "AccessExclusiveLock": ("ACCESS EXCLUSIVE", "readers and writers wait"),
}
STRENGTH = {mode: number for number, mode in enumerate(WAITING)}
TABLES = """
SELECT c.oid, CASE WHEN n.nspname = current_schema() THEN c.relname
                   ELSE n.nspname || '.' || c.relname END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'v') AND n.nspname !~ '^pg_'
AND n.nspname <> 'information_schema'
"""
HELD = """
SELECT relation, mode FROM pg_locks
WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted
"""
# Statements about rows lock nothing that makes readers or writers of a table wait.
ROWS = frozenset(["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "COPY", "MERGE", "SET", "SHOW"])


@dataclass(frozen=True)
class HeldLock:
    """A lock on a table or view: PostgreSQL's name of its mode, who waits for it in words, the
    number of the statement in its step that took it, and the milliseconds until the transaction's
    end."""

    mode: str
    table: str
    who_waits: str
    statement: int
    milliseconds: float

    @property
    def sentence(self) -> str:
        """ "ACCESS EXCLUSIVE on products from statement 2, held 41 ms: readers and writers wait"."""
        held = f"held {self.milliseconds:,.0f} ms"
        return (
            f"{self.mode} on {self.table} from statement {self.statement}, {held}: {self.who_waits}"
        )


class LockWatch:
    """Looks at the locks of one transaction. Tables that it made itself keep nobody waiting, and
    what was locked before its first step is no lock of the plan."""

    def __init__(self, dbapi_connection: Any) -> None:
        self.raw = dbapi_connection
        self.tables = dict(fetch(dbapi_connection, TABLES))
        self.known = self._held()

    def look(self, dbapi_connection: Any, sql: str, statement: int) -> tuple[HeldLock, ...]:
        """Return the locks that a statement has added; their milliseconds are the moment for now."""
        word = sql.split(None, 1)[0].upper() if sql.strip() else ""
        if dbapi_connection is not self.raw or word in ROWS:
            return ()
        moment = time.perf_counter() * 1000
        new = {
            table: mode
            for table, mode in self._held().items()
            if STRENGTH[mode] > STRENGTH.get(self.known.get(table, ""), -1)
        }
        self.known |= new
        return tuple(
            HeldLock(WAITING[mode][0], self.tables[table], WAITING[mode][1], statement, moment)
            for table, mode in sorted(new.items())
        )

    def _held(self) -> dict[int, str]:
        """The strongest lock on each table that was there before, of those that keep others waiting."""
        held = [(t, mode) for t, mode in fetch(self.raw, HELD) if t in self.tables]
        counting = [each for each in held if each[1] in STRENGTH]
        return dict(sorted(counting, key=lambda each: STRENGTH[each[1]]))


def until_now(locks: Iterable[HeldLock]) -> tuple[HeldLock, ...]:
    """Return locks with the milliseconds that they have been held, at the end of their transaction."""
    now = time.perf_counter() * 1000
    return tuple(replace(lock, milliseconds=now - lock.milliseconds) for lock in locks)
