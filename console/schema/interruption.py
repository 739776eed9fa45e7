"""interruption: a revision that is in a database in part, statement by statement, and the ways out.

Found by holding the database against the schema after every statement of the revision. Statements run
in order: where the schema is exactly that after one of them, the rows changed by earlier ones are
changed and those of later ones are not. On a database with a journal, the journal says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from console.schema.capture import SQL_LENGTH, cut
from console.schema.catalogue import Catalogue
from console.schema.diagnosis import Diagnosis
from console.schema.difference import changed_things, compare
from console.schema.errors import SchemaError
from console.schema.halfway import Halfway, halfway_of
from console.schema.history import History, read_history
from console.schema.inverse import inverse_of, vanishes
from console.schema.journals import is_numbered
from console.schema.leftovers import without_leftovers
from console.schema.mariadb_journal import kind_of
from console.schema.plan import Direction
from console.schema.progress import Progress, silent
from console.schema.rebuild import schema_of
from console.schema.record import Record
from console.schema.statement import Statement
from console.schema.target import Target
from console.schema.trace import Trace, Unit, trace_both

State = Literal["applied", "missing", "unknown"]
MOST_CANDIDATES = 4


@dataclass(frozen=True)
class StatementState:
    """A statement of the revision, and whether the database has it."""

    sql: str
    state: State


@dataclass(frozen=True)
class Way:
    """One way out, not tried yet: the `choices` of statements that may lead to the schema `end` and to
    the place `heads`, best first. `refusal` says why there is none."""

    choices: tuple[tuple[str, ...], ...] = ()
    heads: tuple[str, ...] = ()
    end: Catalogue | None = None
    refusal: str = ""


@dataclass(frozen=True)
class Interruption:
    """A revision that is there in part. `resume` brings in the rest, `undo` takes out what is there.

    With a journal it is resumed by a plan to `goal` that goes on, and `resume` only shows the
    statements.
    """

    revision: str
    direction: Direction
    heads: tuple[str, ...]
    statements: tuple[StatementState, ...]
    resume: Way
    undo: Way
    is_journaled: bool = False
    goal: str = ""


def find_interruption(
    target: Target, found: Diagnosis, *, progress: Progress = silent
) -> Interruption | None:
    """Return the revision that was interrupted in the middle, or None if there is none to be seen.

    Reads the database and changes nothing; runs revisions on empty scratch databases.
    """
    schema = without_leftovers(schema_of(target))
    halfway = halfway_of(target)
    if halfway is not None and halfway.done:
        return _journaled(target, halfway, schema, progress)
    if found.is_sound or found.matches or found.unknown:
        return None
    return _by_schema(target, found, schema, progress)


def _by_schema(
    target: Target, found: Diagnosis, schema: Catalogue, progress: Progress
) -> Interruption | None:
    """The first revision one of whose statements left exactly this schema; else the first that is
    there in part."""
    partly: Interruption | None = None
    half = {step.revision for step in found.steps if step.is_half}
    for name in _candidates(read_history(target), found)[:MOST_CANDIDATES]:
        try:
            onward, back = trace_both(target, found.heads, name, progress=progress)
        except SchemaError:
            continue
        is_exact = any(not compare(one, schema) for one in (*onward.schemas, *back.schemas))
        if is_exact or (partly is None and name in half):
            seen = _interrupted(target, onward, back, found.heads, schema)
            if is_exact:
                return seen
            partly = seen
    return partly


def _candidates(history: History, found: Diagnosis) -> list[str]:
    """Which revisions may have been interrupted: those that come next, then those it stands at; what
    is seen to be there in part comes first."""
    done = history.ancestors(found.heads) | set(found.heads)
    following = [
        step.revision
        for step in found.steps
        if step.revision not in done
        and done.issuperset(history.by_id[step.revision].parents)
        and step.revision in history.by_id
    ]
    half = [step.revision for step in found.steps if step.is_half]
    possible = [*following, *found.heads]
    return list(dict.fromkeys([*(n for n in possible if n in half), *possible]))


def _interrupted(
    target: Target, onward: Trace, back: Trace, heads: tuple[str, ...], schema: Catalogue
) -> Interruption:
    states = tuple(_states(onward, schema))
    told = tuple(
        StatementState(statement.sql, state)
        for unit, state in zip(onward.units, states, strict=True)
        for statement in unit.statements
    )
    stays = _stays(onward, states)
    return Interruption(
        onward.revision,
        onward.direction,
        heads,
        told,
        _way(onward, schema),
        _undo(target, onward, back, schema, stays),
    )


def _journaled(
    target: Target, halfway: Halfway, schema: Catalogue, progress: Progress
) -> Interruption:
    """As the journal says it."""
    revision = halfway.done[0].revision
    step = next(step for step in halfway.begun.steps if step.revision == revision)
    goal = revision if step.direction == "up" else next(iter(step.parents), "base")
    told = tuple(StatementState(record.statement, "applied") for record in halfway.done)
    try:
        onward, back = trace_both(target, halfway.heads, revision, progress=progress)
    except SchemaError as error:
        no = Way(refusal=f"Its statements cannot be found out: {error}")
        return Interruption(revision, step.direction, halfway.heads, told, no, no, True, goal)
    left = tuple(_left(target.parsed_url.get_backend_name(), onward, halfway.done))
    rows = [record.statement for record in halfway.done if kind_of(record.statement) == "rows"]
    lasting = tuple(sql for sql in rows if not vanishes(sql, onward.schemas[0]))
    return Interruption(
        revision,
        step.direction,
        halfway.heads,
        (*told, *left),
        Way((tuple(one.sql for one in left),), onward.heads, onward.schemas[-1]),
        _undo(target, onward, back, schema, lasting),
        is_journaled=True,
        goal=goal,
    )


def _left(backend: str, onward: Trace, done: Sequence[Record]) -> Iterator[StatementState]:
    """What a revision has to do yet after the statements of its journal. One that it repeats, with
    other values perhaps, is unknown: it may be over or not."""
    statements = [
        s for unit in onward.units for s in unit.statements if is_numbered(backend, s.sql)
    ]
    reached, is_open = 0, False
    for record in done:
        if is_open and _is_that(statements[reached - 1], record):
            continue
        rest = range(reached, len(statements))
        if (found := next((n for n in rest if _is_that(statements[n], record)), None)) is not None:
            reached, is_open = found + 1, statements[found].many
    if is_open:
        yield StatementState(statements[reached - 1].sql, "unknown")
    yield from (StatementState(s.sql, "missing") for s in statements[reached:])


def _is_that(statement: Statement, record: Record) -> bool:
    return statement.sql == cut(record.statement, SQL_LENGTH)


def _states(trace: Trace, schema: Catalogue, *, is_back: bool = False) -> Iterator[State]:
    """Of each unit whether a database with this schema has it. On the way back (`is_back`) rows that
    are changed where the schema stays the same count as changed: what was done onward did not touch
    them, or there would be no way back."""
    at = [n for n, one in enumerate(trace.schemas) if not compare(one, schema)]
    for number, unit in enumerate(trace.units, 1):
        if trace.refusal and len(trace.schemas) != len(trace.units) + 1:
            yield "unknown"
        elif at:
            first = at[-1] if is_back else at[0]
            yield "applied" if number <= first else "missing" if number > at[-1] else "unknown"
        elif unit.is_rows:
            yield "unknown"
        else:
            yield _state(trace.schemas[number - 1], trace.schemas[number], schema)


def _state(before: Catalogue, after: Catalogue, schema: Catalogue) -> State:
    """Whether a database has what leads from one schema to the next."""
    things = changed_things(compare(before, after))
    if not things or not things & changed_things(compare(schema, after)):
        return "applied" if things else "unknown"
    return "unknown" if things & changed_things(compare(schema, before)) else "missing"


def _stays(onward: Trace, states: Sequence[State]) -> tuple[str, ...]:
    """What changed rows, or may have, that were there before and stay: no way back knows of it."""
    return tuple(
        unit.statements[0].sql
        for unit, state in zip(onward.units, states, strict=True)
        if unit.is_rows
        and state != "missing"
        and not vanishes(unit.statements[0].sql, onward.schemas[0])
    )


def _undo(
    target: Target, onward: Trace, back: Trace, schema: Catalogue, stays: Sequence[str]
) -> Way:
    """The way back to where the revision began: by its own other direction, else by taking out what
    is there now and was not before."""
    start = onward.schemas[0]
    if stays:
        return Way(refusal=f"It changed rows, or may have, which cannot be taken back: {stays[0]}")
    way = _way(back, schema, is_back=True)
    choices = list(way.choices)
    if inverse := inverse_of(target, start, schema):
        choices.append(inverse)
    if not choices:
        why = way.refusal or f"{onward.revision} has no way back, and something is gone already"
        return Way(refusal=f"{why}.")
    return Way(tuple(choices), back.heads, start)


def _way(trace: Trace, schema: Catalogue, *, is_back: bool = False) -> Way:
    """What is left of a trace."""
    if trace.refusal:
        return Way(refusal=f"Its statements cannot stand for {trace.revision}: {trace.refusal}.")
    left: list[Unit] = []
    for unit, state in zip(trace.units, _states(trace, schema, is_back=is_back), strict=True):
        if state == "applied":
            continue
        if unit.is_rows and state == "unknown":
            sql = " ".join(unit.statements[0].sql.split())
            return Way(refusal=f"Whether this was executed cannot be told: {sql}")
        if not unit.is_whole:
            sql = " ".join(unit.statements[0].sql.split())
            return Way(refusal=f"The values of this are computed by the revision: {sql}")
        left.append(unit)
    statements = tuple(statement.sql for unit in left for statement in unit.statements)
    if not statements:
        return Way(refusal=f"{trace.revision} has no statement that would lead there.")
    return Way((statements,), trace.heads, trace.schemas[-1])


__all__ = ["Interruption", "StatementState", "Way", "find_interruption"]
