"""settled: where a target stands once nobody is in the middle of changing it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from urllib.parse import quote

from console.schema.connection import sqlite_file
from console.schema.dialects import dialect_of
from console.schema.history import read_history
from console.schema.standing import read_standing
from console.schema.target import Target

PATIENCE_SECONDS = 2.0


def settled_heads(target: Target) -> tuple[str, ...] | None:
    """The target's heads, or None while somebody else is writing to it.

    On SQLite whoever gets the write lock knows that nobody else is in the middle of a migration,
    and opening for writing rolls back what a killed process left. On a server the lock of a
    migration's session is free when that session has ended. SQLAlchemy's errors pass through.
    """
    file = sqlite_file(target.parsed_url) if _is_sqlite(target) else None
    if file is not None and file.exists():
        address = f"file:{quote(str(file))}?mode=rw"
        try:
            with closing(
                sqlite3.connect(address, uri=True, timeout=PATIENCE_SECONDS, isolation_level=None)
            ) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return None
    elif not _is_sqlite(target) and not dialect_of(target).settle(target, PATIENCE_SECONDS):
        return None
    return read_standing(target, read_history(target)).heads


def _is_sqlite(target: Target) -> bool:
    return target.parsed_url.get_backend_name() == "sqlite"
