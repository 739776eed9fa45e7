"""idle: wait until nobody is in the middle of changing a schema. A dead process is not a dead statement."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from urllib.parse import quote

from console.schema.connection import read_only, sqlite_file
from console.schema.dialects import dialect_of
from console.schema.progress import Event, Progress, silent
from console.schema.target import Target

PAUSE_SECONDS = 0.2
SHOWN = 120
WORDS = (
    "^[[:space:]]*(create|alter|drop|rename|truncate|reindex|cluster|vacuum|optimize)[[:space:]]"
)
WRITERS = {
    "postgresql": (
        "SELECT pid, query FROM pg_stat_activity WHERE datname = current_database() "  # noqa: S608 - our own words
        f"AND pid <> pg_backend_pid() AND state = 'active' AND query ~* '{WORDS}' ORDER BY pid"
    ),
    "mysql": (
        "SELECT id, info FROM information_schema.processlist WHERE db = database() "  # noqa: S608 - our own words
        f"AND id <> connection_id() AND lower(info) REGEXP '{WORDS}' ORDER BY id"
    ),
}
LOCKED = "somebody holds the lock of a migration"


def wait_until_idle(
    target: Target, seconds: float, *, progress: Progress = silent
) -> tuple[str, ...]:
    """Wait at most `seconds` for every session that changes the schema or migrates; return in words
    those that are left. Nobody is ended. SQLAlchemy's errors pass through."""
    deadline = time.monotonic() + seconds
    told: tuple[str, ...] = ()
    while (busy := find_writers(target)) and time.monotonic() < deadline:
        if busy != told:
            progress(Event("check", f"Waiting for {'; '.join(busy)}"))
        told = busy
        time.sleep(PAUSE_SECONDS)
    return busy


def find_writers(target: Target) -> tuple[str, ...]:
    """Return in words who changes the schema of a target's database at this moment, or migrates it."""
    backend = target.parsed_url.get_backend_name()
    if backend == "sqlite":
        return _writers_of_file(target)
    with read_only(target) as connection:
        assert connection is not None
        rows = connection.exec_driver_sql(WRITERS["mysql" if backend == "mariadb" else backend])
        busy = [f"session {number}: {' '.join(sql.split())[:SHOWN]}" for number, sql in rows]
    if not busy and not dialect_of(target).settle(target, 0):
        busy.append(LOCKED)
    return tuple(busy)


def _writers_of_file(target: Target) -> tuple[str, ...]:
    """Whoever gets the write lock of a file knows that nobody else writes to it."""
    file = sqlite_file(target.parsed_url)
    if file is None or not file.exists():
        return ()
    address = f"file:{quote(str(file))}?mode=rw"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=0, isolation_level=None)) as one:
            one.execute("BEGIN IMMEDIATE")
            one.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return ("somebody writes to the file",)
    return ()
