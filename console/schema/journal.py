"""journal: what a plan has done where it cannot be one transaction.

The journal is a table beside the data. What is executed in a transaction is written down in that very
transaction. Before a statement that commits by itself a row says that it begins, with what the
schema was; after it, that it is done. So after any death of the process each statement is known to
have been executed or not. What differs with the database is in modules of their own.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.engine import Connection

from console.schema.capture import Capture
from console.schema.catalogue import read_catalogue
from console.schema.errors import MigrationFailed, PlanChanged
from console.schema.job import Job
from console.schema.record import Begun, Record
from console.schema.wire import encode

TABLE = "console_journal"
VOID = (
    "_void"  # ends the name of the journal of what is being undone: it tells nothing true any more
)
Sql = tuple[str, tuple[Any, ...]]  # a statement, and its values, marked by %s
COLUMNS = "run, session, revision, number, state, fingerprint, digest, rowid, details, statement"
CHANGED = (
    "This run was interrupted and cannot go on by itself: statement {number} of revision "
    "{revision} {why}. Bring the database to a known state by hand."
)
OTHER = "is not what it was the first time"
OURS = (
    f"The migration touches {TABLE}, in which the console writes down what the plan has done. Leave that "
    "table alone: `manage.py doctor` ends what it tells of."
)
GONE = "gave something to those after it that it cannot give again"


class Journal(ABC):
    """Writes down what a run does, inside the child. `done` are statements of the first step that an
    earlier attempt has executed: they are passed over.

    `create` is the SQL of the table, `session` the SQL of what tells the session at hand from all
    others of its server, and `empty` that of an empty text as a value of a row, marked by %s.
    """

    create: str
    session: str
    empty = "%s"

    def __init__(self, job: Job, capture: Capture) -> None:
        self.job, self.capture = job, capture
        self.is_open = False
        self.source = TABLE
        self.done: dict[tuple[str, int], Record] = {}
        self.has_passed = False  # over what an earlier attempt has executed
        self._take(job.done)

    def install(self, mark: str) -> None:
        """Listen on every engine; only connections that carry `mark` are the target's."""
        self.mark = mark
        self._listen()

    def open(self, connection: Connection, begun: Begun, done: tuple[Record, ...]) -> None:
        """Begin a run, or go on with one: the table, and a row that says of what it is the journal.

        `done` is what an interrupted run has executed of its last revision, by the journal as it is
        under the lock. Commits. Raises PlanChanged where another run went on before we had the lock.
        """
        raw: Any = connection.connection.dbapi_connection
        self._refuse_overtaken(done, begun)
        self.source = self._locate(raw)
        execute(raw, self.create.format(table=self.source))
        found = self._read(raw)
        self._commit(connection)
        self._clear(raw, [record for record in found if record.state == "started"])
        self._settle(raw)
        which = " WHERE state = 'started'" if self.done else ""
        execute(raw, f"DELETE FROM {self.source}{which}")  # noqa: S608 - our own name
        self._begin(raw, begun)
        raw.commit()
        self.is_open = True

    def resume(self, connection: Connection, begun: Begun, done: tuple[Record, ...]) -> None:
        """Go on after an attempt of this process, by a new connection. Commits."""
        self._take(done)
        raw: Any = connection.connection.dbapi_connection
        self._settle(raw)
        self._begin(raw, begun)
        self._commit(connection)

    def close(self, connection: Connection) -> None:
        """The run has reached its end: nothing of it is in doubt any more."""
        raw: Any = connection.connection.dbapi_connection
        for table in (self.source, self.source + VOID):
            execute(raw, f"DROP TABLE IF EXISTS {table}")
        raw.commit()
        self.done, self.is_open = {}, False

    @abstractmethod
    def _listen(self) -> None:
        """Take part in what SQLAlchemy executes."""

    def _locate(self, raw: Any) -> str:
        """The table's name as SQL takes it, whatever a migration does to the session."""
        return TABLE

    def _commit(self, connection: Connection) -> None:
        """End the transaction in which the start was checked."""
        raw: Any = connection.connection.dbapi_connection
        raw.commit()

    def _clear(self, raw: Any, started: list[Record]) -> None:  # noqa: B027 - nothing on most
        """Take away what statements that did not finish have left."""

    def _take(self, done: tuple[Record, ...]) -> None:
        self.done = {(record.revision, record.number): record for record in done}
        self.revision, self.number = "", 0

    def _begin(self, raw: Any, begun: Begun) -> None:
        """Write the row of number 0."""
        text = json.dumps(encode(begun))
        self._send(raw, *self._insertion(("", 0, "done", "", "", 0, "", text)))

    def _refuse_overtaken(self, done: tuple[Record, ...], begun: Begun) -> None:
        """Raise PlanChanged where the journal says more than it did when this run was begun."""
        mine = begun.steps[0].revision
        said = {(record.revision, record.number) for record in done if record.revision == mine}
        if said - set(self.done):
            raise PlanChanged(("another run has done a part of it in the meantime",))

    def _next(self, sql: str, parameters: Any) -> Record | None:
        """Number a statement; return its record if an earlier attempt has executed it.

        Raises MigrationFailed where it is another one than it was, or may not be passed over, and where
        it is about the journal.
        """
        if TABLE in sql:
            raise MigrationFailed(OURS, self.capture.revision)
        if self.revision != self.capture.revision:
            self.revision, self.number = str(self.capture.revision), 0
        self.number += 1
        known = self.done.get((self.revision, self.number))
        self.has_passed = self.has_passed or known is not None
        if known is not None and known.digest != digest_of(sql, parameters):
            raise self._stuck(OTHER)
        if known is not None and known.rowid:
            raise self._stuck(GONE)
        return known

    @property
    def is_behind(self) -> bool:
        """Whether statements after the one at hand have been executed by an earlier attempt."""
        revision = self.capture.revision
        number = self.number if self.revision == revision else 0
        return any(r == revision and n > number for r, n in self.done)

    def _stuck(self, why: str) -> MigrationFailed:
        text = CHANGED.format(number=self.number, revision=self.revision, why=why)
        return MigrationFailed(text, self.revision)

    def _concerns(self, conn: Connection) -> bool:
        """Whether a step is running, on a connection to the target."""
        return self.is_open and self.capture.revision is not None and bool(conn.info.get(self.mark))

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        """Ask the database past the capture: it is our question, not the step's."""
        revision, self.capture.revision = self.capture.revision, None
        try:
            yield
        finally:
            self.capture.revision = revision

    def _row(
        self,
        state: str,
        sql: str,
        parameters: Any,
        *,
        before: str = "",
        rowid: int = 0,
        details: str = "",
    ) -> Sql:
        """What writes down the statement at hand."""
        digest = digest_of(sql, parameters)
        values = (self.number, state, before, digest, rowid, details, sql.strip())
        return self._insertion((self.revision, *values))

    def _insertion(self, values: tuple[Any, ...]) -> Sql:
        marks = ", ".join(self.empty if value == "" else "%s" for value in values)
        sql = f"INSERT INTO {self.source} ({COLUMNS}) VALUES (%s, {self.session}, {marks})"  # noqa: S608 - our own names
        return sql, (self.job.run, *values)

    def _finish(self, raw: Any) -> None:
        """The statement that was started is done."""
        self._send(raw, *self._done(self.job.run, self.revision, self.number))

    def _settle(self, raw: Any) -> None:
        """Write down what is done and could not say so, since its process died first: this one may die,
        too, and by then the schema may tell it no longer."""
        for record in self.done.values():
            if record.state == "started":
                self._send(raw, *self._done(record.run, record.revision, record.number))

    def _done(self, run: str, revision: str, number: int) -> Sql:
        """What says of a statement that it is done."""
        return self._of_one(f"UPDATE {self.source} SET state = 'done'", run, revision, number)  # noqa: S608 - our own name

    def _forgotten(self, run: str, revision: str, number: int) -> Sql:
        """What says of a statement that was started that it has done nothing."""
        return self._of_one(f"DELETE FROM {self.source}", run, revision, number)  # noqa: S608 - our own name

    def _of_one(self, sql: str, run: str, revision: str, number: int) -> Sql:
        return f"{sql} WHERE run = %s AND revision = %s AND number = %s", (run, revision, number)

    def _send(self, raw: Any, sql: str, values: tuple[Any, ...]) -> None:
        """Execute a statement with values, marked by %s."""
        execute(raw, sql, values)

    def _read(self, raw: Any) -> list[Record]:
        """Every row of the table, in order."""
        cursor = raw.cursor()
        try:
            cursor.execute(f"SELECT {COLUMNS} FROM {self.source} ORDER BY id")  # noqa: S608 - our own names
            return [Record(*row) for row in cursor.fetchall()]
        finally:
            cursor.close()


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
