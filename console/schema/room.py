"""room: a disk that has no room left, and which one it is."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from console.schema.driver import code_of
from console.schema.target import Target, sqlite_file

POSTGRESQL = "53100"  # disk full
MARIADB = (1021, 1114)  # disk full, and a table that is full
OF_COPY = (
    "There is no room left in {folder}, where copies are made, or where SQLite keeps its temporary files. "
    "The database itself was not touched. Make room there, then try again."
)
OF_DATABASE = (
    "There is no room left in {folder}, where the database lies, or where SQLite keeps its temporary files. "
    "Make room there, then try again."
)
OF_SERVER_COPY = (
    "The disk of the database server has no room left, on which the copy lies beside the database itself. "
    "That was not touched. Make room there, then try again."
)
OF_SERVER = "The disk of the database server has no room left. Make room there, then try again."


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or what stands behind it, says that a disk is full."""
    while error is not None:
        inner = getattr(error, "orig", None) or error
        if isinstance(inner, OSError) and inner.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if isinstance(inner, sqlite3.Error):
            number = getattr(inner, "sqlite_errorcode", 0)
            if number & 0xFF == sqlite3.SQLITE_FULL:
                return True
        elif code_of(inner) == POSTGRESQL or (inner.args and inner.args[0] in MARIADB):
            return True
        error = error.__cause__
    return False


def of_target(target: Target) -> str:
    """Say which disk is full where the one of a target's database is, and what to do."""
    file = sqlite_file(target.parsed_url)
    if file is None:
        return OF_SERVER_COPY if target.stands_for else OF_SERVER
    # A copy has a folder of its own in the one that people know.
    folder: Path = file.parent.parent if target.stands_for else file.parent
    return (OF_COPY if target.stands_for else OF_DATABASE).format(folder=folder)
