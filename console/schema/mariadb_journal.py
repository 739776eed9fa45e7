"""mariadb_journal: the journal on MariaDB and MySQL, where CREATE, ALTER and DROP commit by themselves."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from console.schema.driver import ask
from console.schema.flavour import MARIADB, flavour_of
from console.schema.journal import Journal, fingerprint
from console.schema.mariadb_catalogue import IN_FULL, in_full
from console.schema.record import Record

COMMENT = re.compile(r"(\s+|--[^\n]*\n|#[^\n]*\n|/\*[^!].*?\*/)+", re.DOTALL)
TEMPORARY = re.compile(r"(CREATE|DROP)\s+(OR\s+REPLACE\s+)?TEMPORARY\b", re.IGNORECASE)
NAME = r"(?>`[^`%]+`|[\w$]++)(?:\.(?>`[^`%]+`|[\w$]++))?"
ONE_TABLE = re.compile(
    rf"(?:ALTER|CREATE|DROP)\s+TABLE\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?P<changed>{NAME})(?!\s*[.,`])"
    rf"|(?:CREATE\s+(?:(?:UNIQUE|FULLTEXT|SPATIAL)\s+)?|DROP\s+)INDEX\s+{NAME}\s+ON\s+"
    rf"(?P<indexed>{NAME})(?!\s*[.,`])",
    re.IGNORECASE,
)
COUNTER = re.compile(r" AUTO_INCREMENT=\d+")
ABSENT = (1051, 1146)  # the server's numbers for a table that is not there
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


class MariaDBJournal(Journal):
    """A statement that changes the schema is a row of its own before it begins; all others are
    written down in the transaction that the next of these commits."""

    create = """
        CREATE TABLE IF NOT EXISTS {table} (
            id bigint AUTO_INCREMENT PRIMARY KEY, run char(64) NOT NULL,
            session varchar(64) NOT NULL, revision varchar(255) NOT NULL, number int NOT NULL,
            state varchar(7) NOT NULL, fingerprint char(64) NOT NULL, digest char(64) NOT NULL,
            rowid bigint NOT NULL, details longtext NOT NULL, statement longtext NOT NULL
        ) ENGINE = InnoDB CHARACTER SET utf8mb4
    """
    session = "connection_id()"

    def _listen(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._before, retval=True)
        event.listen(Engine, "after_cursor_execute", self._after)

    def _fingerprint_for(self, conn: Connection, sql: str) -> str:
        with self._unheard():
            return fingerprint_for(conn, sql)

    def _before(
        self, conn: Connection, cursor: Any, sql: str, parameters: Any, context: Any, many: bool
    ) -> tuple[str, Any]:
        kind = kind_of(sql)
        if kind == "other" or not self._concerns(conn):
            return sql, parameters
        if self._next(sql, parameters) is not None:
            return "DO 0", ()
        if kind == "ddl":
            raw: Any = conn.connection.dbapi_connection
            self._write(raw, "started", sql, parameters, before=self._fingerprint_for(conn, sql))
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
            self._write(raw, "done", sql, parameters, rowid=rowid)
            return
        self._finish(raw)
        raw.commit()


@lru_cache(maxsize=64)  # asked before and after each statement
def kind_of(sql: str) -> str:
    """Return "ddl" for what commits by itself, "rows" for what changes rows, else "other"."""
    text = _beginning(sql)
    found = re.match(r"\w+", text)
    word = found.group().upper() if found else ""
    if TEMPORARY.match(text):
        return "other"
    return "ddl" if word in BY_ITSELF else "rows" if word in ROWS else "other"


def _beginning(sql: str) -> str:
    """A statement without the comments in front of it."""
    return COMMENT.sub(" ", sql, count=1).lstrip() if sql[:1] in " \n\t-#/" else sql


def fingerprint_for(connection: Connection, sql: str) -> str:
    """Return what changes when this statement does what it says: the definition of the one table that
    it names, which costs a question, else the whole schema, which costs one for each table."""
    found = ONE_TABLE.match(_beginning(sql))
    if found is None:
        return fingerprint(connection)
    definition = _definition(connection, found["changed"] or found["indexed"])
    # rows that others insert meanwhile move the counter
    return sha256(COUNTER.sub("", definition).encode()).hexdigest()


def _definition(connection: Connection, table: str) -> str:
    """What the server says of a table, whatever the session is set to; "" where it is not there."""
    question = f"SHOW CREATE TABLE {table}"
    try:
        if (
            flavour_of(connection) is MARIADB
        ):  # in one question: there is one for each statement of a plan
            return _asked(connection, f"SET STATEMENT {IN_FULL} FOR {question}")
        with in_full(connection):
            return _asked(connection, question)
    except Exception as error:
        if error.args and error.args[0] in ABSENT:
            return ""
        connection.exec_driver_sql(question)  # raises the same as an error of SQLAlchemy's
        raise


def _asked(connection: Connection, question: str) -> str:
    """Past SQLAlchemy, for which a table that is not there yet is an error to make much of."""
    return str(ask(connection.connection.dbapi_connection, question)[1])


def was_executed(connection: Connection, record: Record) -> bool:
    """Whether a statement that was started has been executed: each of them changes the schema."""
    return record.fingerprint != fingerprint_for(connection, record.statement)
