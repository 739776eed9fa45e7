"""trace: the schema after every statement of a revision, found by replaying it on an empty database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from console.schema.capture import SQL_LENGTH, STATEMENTS_KEPT
from console.schema.catalogue import Catalogue, read_catalogue
from console.schema.difference import compare
from console.schema.driver import engine_of
from console.schema.errors import HistoryError
from console.schema.history import History, read_history
from console.schema.job import Job, Pass, PassResult
from console.schema.listing import place
from console.schema.mariadb_journal import kind_of
from console.schema.plan import Direction, Step, make_plan
from console.schema.process import error_of, run_job
from console.schema.progress import Progress, silent
from console.schema.rebuild import rebuilt
from console.schema.record import keeps_place
from console.schema.snapshot import snapshot_of
from console.schema.statement import Statement
from console.schema.target import Target

REBUILD = re.compile(r'\s*CREATE TABLE\s+["`]?(_alembic_tmp_\w+)', re.IGNORECASE)
READS = re.compile(r"\s*(SELECT|VALUES|WITH)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Unit:
    """What stands or falls together: one statement, or all by which batch mode rebuilds a table."""

    statements: tuple[Statement, ...]

    @property
    def is_rows(self) -> bool:
        """Whether it changes rows and not the schema."""
        return len(self.statements) == 1 and kind_of(self.statements[0].sql) == "rows"

    @property
    def is_whole(self) -> bool:
        """Whether its text is all that was sent: no values beside it, and not cut."""
        return all(
            not statement.parameters and len(statement.sql) < SQL_LENGTH
            for statement in self.statements
        ) and not (self.is_rows and self.statements[0].many)


@dataclass(frozen=True)
class Trace:
    """A revision up or down, unit by unit. `schemas` begins with the one before the first unit;
    `heads` are where the database stands at the end.

    `refusal` says why the statements cannot stand for the revision; empty if they can.
    """

    revision: str
    direction: Direction
    units: tuple[Unit, ...]
    schemas: tuple[Catalogue, ...]
    heads: tuple[str, ...]
    refusal: str = ""


def trace_both(
    target: Target, heads: Sequence[str], revision: str, *, progress: Progress = silent
) -> tuple[Trace, Trace]:
    """Return the trace of a revision from `heads` on (down if it is one of them, else up), and that
    of its way back. Runs on scratch databases; the target's own database is not touched.

    Raises HistoryError for a revision that does not come next, what the migration raises on empty
    tables, and Unsupported for a database without scratches.
    """
    with rebuilt(target, heads, progress=progress) as scratch:
        onward, back, refusal = _run_both(target, scratch, heads, revision)
        units = _units(onward, target.version_table), _units(back, target.version_table)
        if not refusal and onward.before and back.after and not compare(onward.before, back.after):
            schemas, failed = _replays(scratch, units)
        else:
            with rebuilt(target, heads) as another:
                schemas, failed = _replays(another, units)
    direction: Direction = "down" if revision in heads else "up"
    why = (
        failed or _refusal(onward, schemas[0]),
        refusal or failed or _refusal(back, schemas[1]),
    )
    return (
        Trace(revision, direction, units[0], schemas[0], onward.heads, why[0]),
        Trace(revision, _other(direction), units[1], schemas[1], tuple(heads), why[1]),
    )


def _other(direction: Direction) -> Direction:
    return "up" if direction == "down" else "down"


def _run_both(
    target: Target, scratch: Target, heads: Sequence[str], revision: str
) -> tuple[PassResult, PassResult, str]:
    """The revision's own run from `heads` on and back again; why there is no way back, if there is
    none."""
    with snapshot_of(scratch) as snapshot:
        step = _step(replace(snapshot, last_paths=target.last_paths), heads, revision)
        after = _after(read_history(target), tuple(heads), step)
        back = replace(step, direction=_other(step.direction))
        passes = (Pass((step,), tuple(heads)), Pass((back,), after))
        answer = run_job(Job("run", snapshot, passes), progress=silent)
    if not answer.failure:
        return answer.passes[0], answer.passes[1], ""
    if len(answer.passes) < len(passes):
        raise error_of(answer.failure)
    return answer.passes[0], PassResult(), f"its way back fails: {error_of(answer.failure)}"


def _after(history: History, heads: tuple[str, ...], step: Step) -> tuple[str, ...]:
    """Where a database stands after one step."""
    if step.direction == "up":
        return tuple({*heads, step.revision} - set(step.parents))
    others = set(heads) - {step.revision}
    return tuple(others | (set(step.parents) - history.ancestors(others)))


Schemas = tuple[Catalogue, ...]


def _replays(
    scratch: Target, units: tuple[tuple[Unit, ...], tuple[Unit, ...]]
) -> tuple[tuple[Schemas, Schemas], str]:
    """The schemas along both ways, and why there are none."""
    engine = engine_of(scratch.parsed_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            onward = tuple(_replayed(connection, units[0], scratch))
            return (onward, tuple(_replayed(connection, units[1], scratch))), ""
    except SQLAlchemyError as error:
        why = f"its statements cannot be replayed: {str(error).splitlines()[0]}"
        return ((Catalogue(()),), (Catalogue(()),)), why
    finally:
        engine.dispose()


def _step(scratch: Target, heads: Sequence[str], revision: str) -> Step:
    """The one step by which a revision is applied, or undone if it is one of the heads."""
    plan = make_plan(scratch, "base" if revision in heads else revision)
    first = plan.steps[0]
    if revision not in heads and len(plan.steps) == 1:
        return first
    found = next((step for step in plan.steps if step.revision == revision), None)
    if revision in heads and found is not None:
        return found
    raise HistoryError(f"Revision {revision} does not come next after {place(heads)}.")


def _units(result: PassResult, version_table: str) -> tuple[Unit, ...]:
    """The statements of a step, without those by which Alembic keeps its place."""
    statements = [s for step in result.steps for s in step.statements]
    return tuple(_grouped([s for s in statements if not keeps_place(s.sql, version_table)]))


def _grouped(statements: Sequence[Statement]) -> Iterator[Unit]:
    """Statements as units: from the making of batch mode's table to its renaming is one."""
    waiting = list(statements)
    while waiting:
        found = REBUILD.match(waiting[0].sql)
        length = _length(waiting, found.group(1)) if found else 1
        yield Unit(tuple(waiting[:length]))
        del waiting[:length]


def _length(statements: Sequence[Statement], name: str) -> int:
    """How many statements there are up to the renaming of a table; 1 if it is not renamed."""
    renamed = re.compile(
        rf"\s*ALTER TABLE\s+[\"`]?{re.escape(name)}[\"`]?\s+RENAME TO", re.IGNORECASE
    )
    ends = (n for n, statement in enumerate(statements, 1) if renamed.match(statement.sql))
    return next(ends, 1)


def _replayed(connection: Connection, units: Iterable[Unit], target: Target) -> Iterator[Catalogue]:
    """Execute what changes the schema; yield the schema before the first unit and after each."""
    schema = read_catalogue(connection, exclude=target.version_tables)
    yield schema
    for unit in units:
        if not unit.is_rows and not _reads(unit):
            for statement in unit.statements:
                connection.exec_driver_sql(statement.sql)
            schema = read_catalogue(connection, exclude=target.version_tables)
        yield schema


def _reads(unit: Unit) -> bool:
    return any(READS.match(statement.sql) for statement in unit.statements)


def _refusal(result: PassResult, schemas: Sequence[Catalogue]) -> str:
    """Why the statements of a run on empty tables are not what runs on full ones; "" if they are."""
    statements = [statement for step in result.steps for statement in step.statements]
    if any(READS.match(statement.sql) for statement in statements):
        return "it reads rows to decide what it does"
    if any(len(step.statements) >= STATEMENTS_KEPT for step in result.steps):
        return "it has too many statements"
    if result.after is None or compare(schemas[-1], result.after):
        return "its statements alone do not make the schema that it makes"
    return ""
