"""capture: the statements and operations of each step, written down while they run in the child."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from alembic.operations import ops
from alembic.operations.base import AbstractOperations
from alembic.operations.batch import BatchOperationsImpl
from sqlalchemy import event
from sqlalchemy.engine import Engine

from console.schema.locks import HeldLock, LockWatch, until_now
from console.schema.operation import describe
from console.schema.outcome import StepResult
from console.schema.progress import Event, Progress
from console.schema.statement import Operation, Statement

SQL_LENGTH = 20_000  # of a statement; what is longer is cut
SETS_SHOWN = 5  # of parameters, where a statement is executed with many
PARAMETERS_LENGTH = 500
STATEMENTS_KEPT = 1000
SECONDS_BETWEEN_EVENTS = 0.1


class Capture:
    """Listens on every engine of this process. `step` is None between steps: nothing is kept then."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.steps: list[StepResult] = []
        self.saved = 0  # how many of them are saved, where each is a transaction of its own
        self.operations: list[Operation] = []
        self.revision: str | None = None
        self.running: str | None = None
        self.last_sql: str | None = None
        self.watch: LockWatch | None = None
        self._locks: list[HeldLock] = []
        self._statements: list[Statement] = []
        self._begun = 0.0
        self._count = 0
        self._told = 0.0
        self._batch = False

    def install(self) -> None:
        """Hook into SQLAlchemy and Alembic. Once a process: nothing is ever unhooked."""
        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "after_cursor_execute", self._after)
        self._wrap_invoke()
        self._wrap_flush()

    def reset(self, *, keep: int = 0) -> None:
        """Forget everything for the next pass, or all but the first steps for its next attempt."""
        self.steps = self.steps[:keep]
        self.saved = keep
        kept = {step.revision for step in self.steps}
        self.operations = [o for o in self.operations if o.revision in kept]
        self.revision = self.running = self.last_sql = self.watch = None

    def begin(self, revision: str) -> None:
        """A step starts."""
        self.revision, self.running, self.last_sql = revision, None, None
        self._statements, self._locks, self._count = [], [], 0
        self._begun = time.perf_counter()

    def end(self, *, is_saved: bool = False) -> StepResult:
        """The step is over, well or not: keep and return what it did. Its locks are gone with its
        transaction if it `is_saved`, else they are held on."""
        result = StepResult(
            self.revision or "",
            (time.perf_counter() - self._begun) * 1000,
            tuple(self._statements),
            until_now(self._locks) if is_saved else tuple(self._locks),
        )
        self.steps.append(result)
        if is_saved:
            self.saved = len(self.steps)
        self.revision = None
        return result

    def finished(self) -> tuple[StepResult, ...]:
        """Every step, at the end of the transaction that they ran in."""
        held = (replace(s, locks=until_now(s.locks)) for s in self.steps[self.saved :])
        return (*self.steps[: self.saved], *held)

    def _before(
        self, conn: Any, cursor: Any, sql: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if self.revision is not None:
            self.running = as_written(conn.dialect.paramstyle, sql)
            conn.info["console_began"] = time.perf_counter()

    def _after(
        self, conn: Any, cursor: Any, sql: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if self.revision is None:
            return
        spent = (time.perf_counter() - conn.info.get("console_began", 0.0)) * 1000
        sql = as_written(conn.dialect.paramstyle, sql)
        self.running, self.last_sql = None, sql
        if is_reflection(sql):
            return
        self._count += 1
        self._keep(
            Statement(
                self.revision,
                cut(sql.strip(), SQL_LENGTH),
                spent,
                cursor.rowcount,
                shown(parameters),
                many,
            )
        )
        if self.watch:
            raw = conn.connection.dbapi_connection
            self._locks += self.watch.look(raw, sql, len(self._statements))
        now = time.monotonic()
        if self._count <= 50 or now - self._told > SECONDS_BETWEEN_EVENTS:
            self._told = now
            self.progress(Event("statement", first_line(sql), self.revision, self._count))

    def _keep(self, statement: Statement) -> None:
        last = self._statements[-1] if self._statements else None
        if last and last.sql == statement.sql:
            rows = last.rows + statement.rows if min(last.rows, statement.rows) >= 0 else -1
            self._statements[-1] = replace(
                last, milliseconds=last.milliseconds + statement.milliseconds, rows=rows, many=True
            )
        elif len(self._statements) < STATEMENTS_KEPT:
            self._statements.append(statement)

    def _wrap_invoke(self) -> None:
        invoke = AbstractOperations.invoke

        def recorded(operations: AbstractOperations, operation: ops.MigrateOperation) -> Any:
            if self.revision is not None:
                is_batch = isinstance(operations.impl, BatchOperationsImpl)
                self.operations.append(describe(operation, self.revision, is_batch))
            return invoke(operations, operation)

        setattr(AbstractOperations, "invoke", recorded)  # noqa: B010 - mypy refuses the plain assignment

    def _wrap_flush(self) -> None:
        flush: Callable[[BatchOperationsImpl], None] = BatchOperationsImpl.flush

        def recorded(batch: BatchOperationsImpl) -> None:
            if self.revision is not None:
                rebuilds = "yes" if batch._should_recreate() else "no"
                self.operations.append(
                    Operation(
                        self.revision,
                        "batch_alter_table",
                        str(batch.table_name),
                        details=(("rebuilds", rebuilds),),
                    )
                )
            flush(batch)

        setattr(BatchOperationsImpl, "flush", recorded)  # noqa: B010 - mypy refuses the plain assignment


def as_written(paramstyle: str, sql: str) -> str:
    """Return SQL as its author wrote it: a driver whose placeholders begin with % gets each other one
    twice."""
    return sql.replace("%%", "%") if paramstyle in ("format", "pyformat") else sql


CATALOGUES = ("SQLITE_MASTER", "PG_CATALOG.", "INFORMATION_SCHEMA.")


def is_reflection(sql: str) -> bool:
    """Whether a statement only asks about the schema, as batch mode and inspections do."""
    head = sql[:2000].lstrip().upper()
    if head.startswith(("PRAGMA", "SHOW ", "DESCRIBE ")):
        return True
    return head.startswith("SELECT") and any(name in head for name in CATALOGUES)


def first_line(sql: str) -> str:
    """Return the start of a statement on one line, for progress."""
    return cut(" ".join(sql[:1000].split()), 200)


def shown(parameters: Any) -> str:
    """Return parameters for a person to read, cut; "" for none."""
    if not parameters:
        return ""
    if not isinstance(parameters, list) or len(parameters) <= SETS_SHOWN:
        return cut(repr(parameters), PARAMETERS_LENGTH)
    more = f" and {len(parameters) - SETS_SHOWN:,} more"
    return cut(repr(parameters[:SETS_SHOWN]), PARAMETERS_LENGTH - len(more)) + more


def cut(text: str, length: int) -> str:
    """Return a text, or the start of a long one."""
    return text if len(text) <= length else text[: length - 1] + "…"
