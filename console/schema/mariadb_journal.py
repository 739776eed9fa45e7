"""mariadb_journal: the journal on MariaDB and MySQL, where CREATE, ALTER and DROP commit by themselves."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, ExceptionContext

from console.schema.driver import ask
from console.schema.flavour import MARIADB, MYSQL, flavour_of
from console.schema.journal import Journal, Sql, fingerprint
from console.schema.mariadb_catalogue import IN_FULL, in_full
from console.schema.record import Record, keeps_place

COMMENT = re.compile(r"(\s+|--[^\n]*\n|#[^\n]*\n|/\*[^!].*?\*/)+", re.DOTALL)
TEMPORARY = re.compile(r"(CREATE|DROP)\s+(OR\s+REPLACE\s+)?TEMPORARY\b", re.IGNORECASE)
NAMES = re.compile(r"`[^`]+`|[\w$]+")
NAME = r"(?>`[^`%]+`|[\w$]++)(?:\.(?>`[^`%]+`|[\w$]++))?"
ONE_TABLE = re.compile(
    rf"(?:(?:ALTER|CREATE|DROP)\s+TABLE\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?|TRUNCATE\s+(?:TABLE\s+)?)"
    rf"(?P<changed>{NAME})(?!\s*[.,`])"
    rf"|(?:CREATE\s+(?:(?:UNIQUE|FULLTEXT|SPATIAL)\s+)?|DROP\s+)INDEX\s+{NAME}\s+ON\s+"
    rf"(?P<indexed>{NAME})(?!\s*[.,`])",
    re.IGNORECASE,
)
COUNTER = re.compile(r" AUTO_INCREMENT=\d+")
ABSENT = (1051, 1146)  # the server's numbers for a table that is not there
SYNTAX, REFUSED = (
    1064,
    1227,
)  # those for what it does not understand, and for a privilege that is missing
# What leaves the definition of a table as it is: the partitions and the files of one.
UNSEEN = re.compile(r"TRUNCATE\b|.*\b(?:PARTITION|TABLESPACE)\b", re.IGNORECASE | re.DOTALL)
FILES = {MARIADB: "innodb_sys_tables", MYSQL: "innodb_tables"}
# The name of a table's file, and of those of its partitions: "shop/parts#P#p0".
IDS = """
SELECT group_concat(table_id ORDER BY name) FROM information_schema.{files}
WHERE substring_index(lower(name), '#p#', 1) = lower(CONVERT({path} USING utf8mb4))
"""
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
    written down in the transaction that the next of these commits.

    That such a statement is done is written down together with what comes next, where the schema
    itself tells it meanwhile. Where Alembic moves its version table, that table tells.
    """

    create = """
        CREATE TABLE IF NOT EXISTS {table} (
            id bigint AUTO_INCREMENT PRIMARY KEY, run char(64) NOT NULL,
            session varchar(64) NOT NULL, revision varchar(255) NOT NULL, number int NOT NULL,
            state varchar(7) NOT NULL, fingerprint char(64) NOT NULL, digest char(64) NOT NULL,
            rowid bigint NOT NULL, details longtext NOT NULL, statement longtext NOT NULL,
            KEY (revision(32))
        ) ENGINE = InnoDB CHARACTER SET utf8mb4
    """
    session = "connection_id()"
    empty = "coalesce(%s, space(0))"  # in the mode EMPTY_STRING_IS_NULL '' is NULL as it is read
    before = ""  # the fingerprint that the statement at hand began with
    untold: tuple[str, int] | None = None  # it was executed, and is not written down as done

    def _listen(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._before, retval=True)
        event.listen(Engine, "after_cursor_execute", self._after)
        event.listen(Engine, "handle_error", self._failed)

    def _take(self, done: tuple[Record, ...]) -> None:
        super()._take(done)
        self.untold = None

    def _fingerprint_for(self, conn: Connection, sql: str) -> str:
        with self._unheard():
            return fingerprint_for(conn, sql)

    def _kind(self, conn: Connection | None, sql: str) -> str:
        """The kind of a statement that is to be written down; "other" for what is not."""
        kind = kind_of(sql)
        if kind == "other" or conn is None or not self._concerns(conn):
            return "other"
        moves = kind == "rows" and keeps_place(sql, self.job.target.version_table)
        return "other" if moves else kind

    def _before(
        self, conn: Connection, cursor: Any, sql: str, parameters: Any, context: Any, many: bool
    ) -> tuple[str, Any]:
        kind = self._kind(conn, sql)
        if kind == "other":
            return sql, parameters
        if self._next(sql, parameters) is not None:
            return "DO 0", ()
        if kind == "ddl":
            self.before = self._fingerprint_for(conn, sql)
            # with it all rows that were changed before are saved; the statement would do the same
            self._save(conn, self._row("started", sql, parameters, before=self.before))
        return sql, parameters

    def _after(
        self, conn: Connection, cursor: Any, sql: str, parameters: Any, context: Any, many: bool
    ) -> None:
        kind = self._kind(conn, sql)
        if kind == "rows":
            rowid = 0 if many else int(cursor.lastrowid or 0)
            raw: Any = conn.connection.dbapi_connection
            self._send(raw, *self._row("done", sql, parameters, rowid=rowid))
        elif kind == "ddl":
            self.untold = (self.revision, self.number)
            if not is_shown(sql):
                self._save(conn)

    def _failed(self, error: ExceptionContext) -> None:
        """Write down what a statement has done that failed: the migration may go on after it."""
        conn, sql = error.connection, error.statement or ""
        if error.is_disconnect or conn is None or self._kind(conn, sql) != "ddl":
            return
        is_done = self._fingerprint_for(conn, sql) != self.before
        say = self._done if is_done else self._forgotten
        self._save(conn, say(self.job.run, self.revision, self.number))

    def _save(self, conn: Connection, *statements: Sql) -> None:
        """Execute these, with what is not written down yet, and commit."""
        raw: Any = conn.connection.dbapi_connection
        if self.untold is not None:
            statements = (self._done(self.job.run, *self.untold), *statements)
        if flavour_of(conn) is MARIADB:  # which takes all of it in one question
            block = "; ".join([*(sql for sql, _ in statements), "COMMIT"])
            values = tuple(value for _, these in statements for value in these)
            self._send(raw, f"BEGIN NOT ATOMIC {block}; END", values)
        else:
            for statement in statements:
                self._send(raw, *statement)
            raw.commit()
        self.untold = None


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
    text = _beginning(sql)
    found = ONE_TABLE.match(text)
    if found is None:
        return fingerprint(connection)
    table = found["changed"] or found["indexed"]
    # rows that others insert meanwhile move the counter
    told = COUNTER.sub("", _definition(connection, table))
    if UNSEEN.match(text):
        told += _files(connection, table)
    return sha256(told.encode()).hexdigest()


def is_shown(sql: str) -> bool:
    """Whether the definition of one table tells that a statement has been executed."""
    text = _beginning(sql)
    return ONE_TABLE.match(text) is not None and UNSEEN.match(text) is None


def _files(connection: Connection, table: str) -> str:
    """Which files the rows of a table are in: other ones after TRUNCATE and EXCHANGE PARTITION. ""
    where a server does not tell it to whoever asks, nor MySQL of a name that files have otherwise."""
    *schema, name = (
        f"_utf8mb4 0x{part.strip('`').encode().hex()}" for part in NAMES.findall(table)
    )
    places = [schema[0] if schema else "database()", name]
    if flavour_of(connection) is MARIADB:
        places = [f"CAST(CONVERT({place} USING filename) AS binary)" for place in places]
    question = IDS.format(
        files=FILES[flavour_of(connection)], path=f"concat_ws('/', {', '.join(places)})"
    )
    try:
        (ids,) = ask(connection.connection.dbapi_connection, question)
    except Exception as error:
        if error.args and error.args[0] == REFUSED:
            return ""
        raise
    return str(ids or "")


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
