"""journal: what a plan has done on a database where a plan cannot be one transaction.

The journal is a table beside the data. Before a statement that commits by itself (CREATE, ALTER,
DROP) a row says that it begins, with a fingerprint of the schema; after it, that it is done. A
statement that changes rows is written down in the very transaction that changes them. So after any
death of the process each statement is known to have been executed or not: one that began and left
the schema as it was has not been.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from console.schema.capture import Capture
from console.schema.catalogue import read_catalogue
from console.schema.errors import MigrationFailed
from console.schema.record import Begun, Record
from console.schema.wire import encode

TABLE = "console_journal"
CREATE = f"""
CREATE TABLE IF NOT EXISTS {TABLE} (
    id bigint AUTO_INCREMENT PRIMARY KEY, run char(64) NOT NULL, session bigint NOT NULL,
    revision varchar(255) NOT NULL, number int NOT NULL, state varchar(7) NOT NULL,
    fingerprint char(64) NOT NULL, digest char(64) NOT NULL, rowid bigint NOT NULL,
    statement longtext NOT NULL
) ENGINE = InnoDB CHARACTER SET utf8mb4
"""
INSERT = (
    f"INSERT INTO {TABLE} (run, session, revision, number, state, fingerprint, digest, rowid, "  # noqa: S608 - our own name
    "statement) VALUES (%s, connection_id(), %s, %s, %s, %s, %s, %s, %s)"
)
COMMENT = re.compile(r"(\s+|--[^\n]*\n|#[^\n]*\n|/\*[^!].*?\*/)+", re.DOTALL)
TEMPORARY = re.compile(r"(CREATE|DROP)\s+(OR\s+REPLACE\s+)?TEMPORARY\b", re.IGNORECASE)
BY_ITSELF = frozenset(
    [
        "CREATE",
        "ALTER",
        "DROP",
        "RENAME",
        "TRUNCATE",
        "OPTIMIZE",
        "ANALYZE",
        "REPAIR",
        "CHECK",
        "GRANT",
        "REVOKE",
        "LOCK",
        "UNLOCK",
        "CALL",
    ]
)
ROWS = frozenset(["INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "WITH"])
CHANGED = (
    "This run was interrupted and cannot go on by itself: statement {number} of revision "
    "{revision} is not what it was the first time. Bring the database to a known state by hand."
)


class Journal:
    """Writes down what a run does, inside the child. `done` are statements of the first step that an
    earlier attempt has executed: they are passed over."""

    def __init__(self, run: str, done: tuple[Record, ...], capture: Capture) -> None:
        self.run, self.capture = run, capture
        self.done = {(record.revision, record.number): record for record in done}
        self.number = 0
        self.revision = ""
        self.is_open = False

    def install(self, mark: str) -> None:
        """Listen on every engine; only connections that carry `mark` are the target's."""
        self.mark = mark
        event.listen(Engine, "before_cursor_execute", self._before, retval=True)
        event.listen(Engine, "after_cursor_execute", self._after)

    def open(self, connection: Connection, begun: Begun) -> None:
        """Begin a run, or go on with one: the table, and a row that says of what it is the journal."""
        raw: Any = connection.connection.dbapi_connection
        execute(raw, CREATE)
        if not self.done:
            execute(raw, f"DELETE FROM {TABLE}")  # noqa: S608 - our own name
        text = json.dumps(encode(begun))
        execute(raw, INSERT, (self.run, "", 0, "done", "", "", 0, text))
        raw.commit()
        self.is_open = True

    def close(self, connection: Connection) -> None:
        """The run has reached its end: nothing of it is in doubt any more."""
        raw: Any = connection.connection.dbapi_connection
        execute(raw, f"DROP TABLE IF EXISTS {TABLE}")
        raw.commit()
        self.done, self.is_open = {}, False

    def _before(
        self, conn: Connection, cursor: Any, sql: str, parameters: Any, context: Any, many: bool
    ) -> tuple[str, Any]:
        kind = kind_of(sql)
        if kind == "other" or not self._concerns(conn):
            return sql, parameters
        if self.revision != self.capture.revision:
            self.revision, self.number = str(self.capture.revision), 0
        self.number += 1
        known = self.done.get((self.revision, self.number))
        if known is not None:
            if known.digest != digest_of(sql, parameters) or known.rowid:
                raise MigrationFailed(
                    CHANGED.format(number=self.number, revision=self.revision), self.revision
                )
            return "DO 0", ()
        if kind == "ddl":
            raw: Any = conn.connection.dbapi_connection
            self._write(raw, "started", self._fingerprint(conn), sql, parameters, 0)
            raw.commit()  # with it all rows that were changed before; the statement would do the same
        return sql, parameters

    def _after(
        self, conn: Connection, cursor: Any, sql: str, parameters: Any, context: Any, many: bool
    ) -> None:
        kind = kind_of(sql)
        if kind == "other" or not self._concerns(conn):
            return
        raw: Any = conn.connection.dbapi_connection
        if kind == "rows":
            rowid = 0 if many else int(cursor.lastrowid or 0)
            self._write(raw, "done", "", sql, parameters, rowid)
            return
        execute(
            raw,
            f"UPDATE {TABLE} SET state = 'done' WHERE run = %s AND revision = %s AND number = %s",  # noqa: S608 - our own name
            (self.run, self.revision, self.number),
        )
        raw.commit()

    def _fingerprint(self, conn: Connection) -> str:
        """The schema's fingerprint, past the capture: it is our question, not the step's."""
        revision, self.capture.revision = self.capture.revision, None
        try:
            return fingerprint(conn)
        finally:
            self.capture.revision = revision

    def _concerns(self, conn: Connection) -> bool:
        """Whether a step is running, on a connection to the target."""
        return self.is_open and self.capture.revision is not None and bool(conn.info.get(self.mark))

    def _write(
        self, raw: Any, state: str, before: str, sql: str, parameters: Any, rowid: int
    ) -> None:
        digest = digest_of(sql, parameters)
        values = (self.run, self.revision, self.number, state, before, digest, rowid, sql.strip())
        execute(raw, INSERT, values)


def kind_of(sql: str) -> str:
    """Return "ddl" for what commits by itself, "rows" for what changes rows, else "other"."""
    text = COMMENT.sub(" ", sql[:2000], count=1).lstrip() if sql[:1] in " \n\t-#/" else sql
    found = re.match(r"\w+", text)
    word = found.group().upper() if found else ""
    if TEMPORARY.match(text):
        return "other"
    return "ddl" if word in BY_ITSELF else "rows" if word in ROWS else "other"


def fingerprint(connection: Connection) -> str:
    """Return what changes whenever the schema does."""
    return read_catalogue(connection).fingerprint


def digest_of(sql: str, parameters: Any) -> str:
    """Return what tells one statement from another."""
    return hashlib.sha256(f"{sql.strip()}\0{parameters!r}".encode()).hexdigest()


def execute(raw: Any, sql: str, parameters: tuple[Any, ...] | None = None) -> None:
    """Execute a statement past SQLAlchemy, where nobody listens."""
    cursor = raw.cursor()
    try:
        cursor.execute(sql, parameters) if parameters else cursor.execute(sql)
    finally:
        cursor.close()
