"""postgresql_journal: the journal of a plan on PostgreSQL that leaves its transaction.

Each revision is a transaction, but for its autocommit blocks. There, every statement that can be is a
transaction of its own, together with its row of the journal; the server itself says which cannot.
Those are rows of their own before they begin, as on databases where everything commits by itself.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from console.schema.alone import IN_TRANSACTION, Alone, drop_all
from console.schema.blame import one_line
from console.schema.concurrent import bare, flat, indexes_now, parse
from console.schema.dialect import quoted
from console.schema.driver import ask, code_of
from console.schema.errors import MigrationFailed, TargetLocked
from console.schema.invalid_index import rows_of_invalid, stays
from console.schema.journal import GONE, TABLE, Journal, execute, fingerprint
from console.schema.postgresql import LOCK_MILLISECONDS, WAITED
from console.schema.record import Record

LOOKS = frozenset(["SELECT", "SHOW", "VALUES", "TABLE", "EXPLAIN", "FETCH", "WITH"])
# What belongs to the session or the transaction, and is executed again by whoever goes on.
SESSION = frozenset(
    [
        "SET",
        "RESET",
        "SAVEPOINT",
        "RELEASE",
        "ROLLBACK",
        "LOCK",
        "DECLARE",
        "CLOSE",
        "MOVE",
        "PREPARE",
        "DEALLOCATE",
        "DISCARD",
        "LISTEN",
        "UNLISTEN",
    ]
)
WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)
TEMPORARY = re.compile(r"CREATE (GLOBAL |LOCAL )?TEMP(ORARY)?\b", re.IGNORECASE)
READ_ONLY = "25006"
PLAIN = (str, int, float, bool, type(None))
ROWS_KEPT = 1000


@dataclass(frozen=True)
class Sent:
    """A statement on its way to the server; `execute` sends it."""

    connection: Connection
    cursor: Any
    sql: str
    parameters: Any
    execute: Callable[[], None]

    @property
    def raw(self) -> Any:
        """The driver's connection."""
        return self.connection.connection.dbapi_connection

    @property
    def is_in_block(self) -> bool:
        """Whether an autocommit block is open."""
        return getattr(self.raw, "autocommit", False) is True


class PostgreSQLJournal(Journal):
    """Takes the execution of a step's statements into its own hands."""

    create = """
        CREATE TABLE IF NOT EXISTS {table} (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run char(64) NOT NULL,
            session text NOT NULL, revision text NOT NULL, number int NOT NULL,
            state text NOT NULL, fingerprint text NOT NULL, digest text NOT NULL,
            rowid bigint NOT NULL, details text NOT NULL, statement text NOT NULL
        )
    """
    session = "(SELECT pid || ' ' || extract(epoch FROM backend_start) FROM pg_stat_activity WHERE pid = pg_backend_pid())"

    def _listen(self) -> None:
        event.listen(Engine, "do_execute", self._one)
        event.listen(Engine, "do_executemany", self._many)
        event.listen(Engine, "do_execute_no_params", self._plain)

    def _one(self, cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
        def send() -> None:
            context.dialect.do_execute(cursor, sql, parameters, context)

        return self._execute(cursor, sql, parameters, context, send)

    def _many(self, cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
        def send() -> None:
            context.dialect.do_executemany(cursor, sql, parameters, context)

        return self._execute(cursor, sql, parameters, context, send)

    def _plain(self, cursor: Any, sql: str, context: Any) -> bool:
        def send() -> None:
            context.dialect.do_execute_no_params(cursor, sql, context)

        return self._execute(cursor, sql, (), context, send)

    def _execute(
        self, cursor: Any, sql: str, parameters: Any, context: Any, send: Callable[[], None]
    ) -> bool:
        """Execute a statement of a step and write it down; False leaves it to SQLAlchemy."""
        if context is None or not self._concerns(context.root_connection):
            return False
        sent = Sent(context.root_connection, cursor, sql, parameters, send)
        kind = kind_of(sql)
        if kind == "session" or getattr(cursor, "name", None):  # a cursor of the server's
            return False
        if kind == "look" and not sent.is_in_block:
            return self.is_behind and self._look_again(sent)
        known = self._next(sql, parameters)
        if known is not None:
            give_back(cursor, known)
        elif sent.is_in_block:
            self._by_itself(sent, kind)
        else:
            sent.execute()
            self._keep(sent)
        return True

    def _look_again(self, sent: Sent) -> bool:
        """Execute a SELECT that was executed before; if it changed anything, it must not be."""
        execute(sent.raw, "SAVEPOINT console_look")
        execute(sent.raw, "SET TRANSACTION READ ONLY")
        try:
            sent.execute()
        except Exception as error:
            if code_of(error) == READ_ONLY:
                raise self._stuck(GONE) from error
            raise
        execute(sent.raw, "RELEASE SAVEPOINT console_look")
        return True

    def _keep(self, sent: Sent) -> None:
        """Write a statement down in the transaction that has executed it, with what it returned."""
        details = returned(sent.cursor)
        rowid = 1 if details is None or TEMPORARY.match(flat(sent.sql)) else 0
        row = self._row("done", sent.sql, sent.parameters, rowid=rowid, details=details or "")
        self._send(sent.raw, *row)

    def _by_itself(self, sent: Sent, kind: str) -> None:
        """Execute a statement of an autocommit block; one that meets a lock is tried again."""
        deadline = time.monotonic() + self.job.lock_wait
        while True:
            try:
                return self._in_transaction(sent, kind)
            except Exception as error:
                with suppress(Exception):  # a connection that is broken has no transaction
                    execute(sent.raw, "ROLLBACK")
                if code_of(error) == IN_TRANSACTION:
                    return self._alone(sent)
                if code_of(error) == READ_ONLY and self.is_behind:
                    raise self._stuck(GONE) from error
                if code_of(error) not in WAITED:
                    raise
                if time.monotonic() > deadline:
                    raise MigrationFailed(
                        f"{one_line(error)}, for {self.job.lock_wait:g} seconds"
                    ) from error
            time.sleep(random.uniform(0.2, 1))  # noqa: S311 - jitter

    def _in_transaction(self, sent: Sent, kind: str) -> None:
        """Execute a statement and write it down as one transaction; a SELECT only if it wrote."""
        is_look = kind == "look"
        execute(sent.raw, "BEGIN READ ONLY" if is_look and self.is_behind else "BEGIN")
        execute(sent.raw, f"SET LOCAL lock_timeout = '{LOCK_MILLISECONDS}ms'")
        sent.execute()
        if not is_look or ask(sent.raw, "SELECT pg_current_xact_id_if_assigned() IS NOT NULL")[0]:
            self._keep(sent)
        execute(sent.raw, "COMMIT")

    def _alone(self, sent: Sent) -> None:
        """Execute a statement that can be in no transaction."""
        before = indexes_now(sent.raw)
        with self._unheard():
            mark = fingerprint(sent.connection)
        row = self._row("started", sent.sql, sent.parameters, before=mark, details=before)
        self._send(sent.raw, *row)
        forget = partial(self._forget, sent.raw)
        Alone(sent.raw, sent.sql, sent.execute, self.job.lock_wait, forget).run(before)
        self._refuse_passed_over(sent)
        self._finish(sent.raw)

    def _refuse_passed_over(self, sent: Sent) -> None:
        """Raise MigrationFailed where IF NOT EXISTS took an index for a good one that is not."""
        statement = parse(sent.sql)
        invalid = rows_of_invalid(sent.raw) if statement.verb == "create" and statement.name else ()
        for index in invalid:
            if index.name == bare(statement.name) and not index.is_busy:
                self._forget(sent.raw)
                raise MigrationFailed(
                    f"The index {index} was there before and is not valid, and IF NOT EXISTS takes it "
                    "for a good one. Drop it (`manage.py doctor --fix` does), then apply again."
                )

    def _forget(self, raw: Any) -> None:
        """A statement that was started has done nothing."""
        self._send(raw, *self._forgotten(self.job.run, self.revision, self.number))

    def _send(self, raw: Any, sql: str, values: tuple[Any, ...]) -> None:
        # A parameter is written otherwise for every driver.
        execute(raw, sql % tuple(map(literal, values)))

    def _locate(self, raw: Any) -> str:
        (schema,) = ask(raw, "SELECT quote_ident(current_schema())")
        return f"{schema}.{TABLE}" if schema else TABLE

    def _commit(self, connection: Connection) -> None:
        connection.commit()  # so that the next statement begins a transaction with all that belongs to it

    def _clear(self, raw: Any, started: list[Record]) -> None:
        """Drop what an interrupted build left. An interrupted DROP INDEX is executed again."""
        raw.autocommit = True
        try:
            for record in started:
                self._drop_left(raw, record)
        finally:
            raw.autocommit = False

    def _drop_left(self, raw: Any, record: Record) -> None:
        statement, before = parse(record.statement), json.loads(record.details)
        deadline = time.monotonic() + self.job.lock_wait
        while statement.verb != "drop":
            left = [i for i in rows_of_invalid(raw) if statement.left(i, before)]
            if not any(index.is_busy for index in left):
                return drop_all(raw, left, self.job.lock_wait)
            if time.monotonic() > deadline:
                raise TargetLocked(
                    f"Another session kept building an index of {left[0].table} for "
                    f"{self.job.lock_wait:g} seconds. {stays(left)}"
                )
            time.sleep(0.2)
        return None


def kind_of(sql: str) -> str:
    """Return "look" for what only reads, as far as it says, "session" for what the session alone
    remembers, else "rows"."""
    text = flat(sql[:5000])
    found = re.match(r"[\s(]*(\w+)", text)
    word = found[1].upper() if found else ""
    if word == "WITH" and WRITES.search(text):
        return "rows"
    return "look" if word in LOOKS else "session" if word in SESSION or not word else "rows"


def returned(cursor: Any) -> str | None:
    """Return the rows that a statement has returned as JSON, "" if none; None if they cannot be kept.
    The cursor gives them again."""
    if cursor.description is None:
        return ""
    if not hasattr(cursor, "scroll") or cursor.rowcount > ROWS_KEPT:
        return None
    rows = [list(row) for row in cursor.fetchall()]
    if rows:
        cursor.scroll(0, mode="absolute")
    if not all(is_plain(value) for row in rows for value in row):
        return None
    names = [column[0] for column in cursor.description]
    return json.dumps({"names": names, "rows": rows})


def is_plain(value: object) -> bool:
    """Whether JSON keeps a value exactly."""
    return isinstance(value, PLAIN) and not (isinstance(value, float) and not isfinite(value))


def give_back(cursor: Any, known: Record) -> None:
    """Let a cursor return what a statement that is passed over had returned."""
    if not known.details or known.state == "started":
        return
    kept = json.loads(known.details)
    if "names" not in kept:
        return
    names = ", ".join(quoted(name) for name in kept["names"])
    rows = kept["rows"] or [[None] * len(kept["names"])]
    values = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
    where = "" if kept["rows"] else " WHERE false"
    cursor.execute(f"SELECT * FROM (VALUES {values}) AS kept ({names}){where}")  # noqa: S608 - quoted


def literal(value: object) -> str:
    """Return a plain value as PostgreSQL writes it."""
    if value is None:
        return "NULL"
    if isinstance(value, (bool, int, float)):
        return str(value).lower()
    text = str(value).replace("\\", "\\\\").replace("'", "''")
    return f"E'{text}'"
