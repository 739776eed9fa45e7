"""captured: the statements that the code of a plan is responsible for, each by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from console.hazards.blocks import inner
from console.hazards.sketch import Sketch
from console.hazards.table_name import Names
from console.schema.rehearsal import Rehearsal
from console.schema.sqltext import split
from console.schema.statement import Statement


@dataclass(frozen=True)
class Sent(Statement):
    """A statement, with the `names` that mean other tables than before the plan when it is sent."""

    names: Names = ()


def captured(
    rehearsal: Rehearsal | None, sketch: Sketch | None, database: str, version_table: str
) -> tuple[Statement, ...]:
    """Return what was sent in a rehearsal, the statement that failed in it too, or else what the files
    would send, in order: without what Alembic's version table and batch mode's copies need, and each by
    itself where PostgreSQL was sent several at once, or where one runs others."""
    versions = _of_versions(version_table)
    own = (
        statement
        for statement in _sent(rehearsal, sketch)
        if "_alembic_tmp_" not in statement.sql and not versions.match(statement.sql)
    )
    return tuple(one for statement in own for one in _apart(statement, database))


def _sent(rehearsal: Rehearsal | None, sketch: Sketch | None) -> Iterator[Statement]:
    """Every statement as it was sent, or would be, and the one that failed."""
    for step in rehearsal.steps if rehearsal else ():
        yield from step.statements
    if rehearsal is None and sketch is not None:
        yield from sketch.statements
    if rehearsal and rehearsal.failed_statement:
        yield Statement(rehearsal.failed_revision or "", rehearsal.failed_statement, 0.0)


def _of_versions(table: str) -> re.Pattern[str]:
    """What Alembic itself does to its version table, and to no other that is called alike."""
    name = re.escape(table)
    verbs = "CREATE TABLE|DROP TABLE|INSERT INTO|UPDATE|DELETE FROM|SELECT .* FROM"
    return re.compile(
        rf"\s*(?:{verbs})\s+(?:\S+\.)?[\"`]?{name}(?![\w$])", re.IGNORECASE | re.DOTALL
    )


def _apart(statement: Statement, database: str) -> Iterator[Statement]:
    """The statements of one that holds several, and those that it runs: the time is that of the first,
    the rows are unknown."""
    pieces = split(statement.sql) if database == "postgresql" else [statement.sql]
    first, *others = (one for sql in pieces for one in (sql, *inner(sql)))
    yield replace(statement, sql=first, rows=-1) if others else statement
    for sql in others:
        yield replace(statement, sql=sql, rows=-1, milliseconds=0.0)
