"""diagnosis: where a database really stands, by its schema and not by its version table.

The history is run step by step on an empty scratch, and the database is held against the schema after
each step. That tells a stamp that lies from a revision that was half applied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from console.schema.catalogue import (
    EMPTY_FINGERPRINT,
    Catalogue,
    Change,
    Difference,
    read_catalogue,
)
from console.schema.clone import scratch_of
from console.schema.connection import read_only
from console.schema.difference import changed_things, compare
from console.schema.errors import ChildDied, HistoryError, NothingToDo
from console.schema.history import History, read_history
from console.schema.job import Job, Pass, PassResult
from console.schema.leftovers import without_leftovers
from console.schema.plan import make_plan
from console.schema.process import error_of, run_job
from console.schema.progress import Event, Progress, silent
from console.schema.route import places_along
from console.schema.snapshot import snapshot_of
from console.schema.standing import Standing, read_heads, read_standing, stand
from console.schema.target import Target

ROWS = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|MERGE|WITH|COPY|LOAD)\b", re.IGNORECASE)


@dataclass(frozen=True)
class StepState:
    """A revision as the database shows it: which of its changes are there, which are not, and of
    which it cannot be told."""

    revision: str
    message: str
    applied: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def is_half(self) -> bool:
        """Whether a part of it is there and a part is not."""
        return bool(self.applied and (self.missing or self.unknown))


@dataclass(frozen=True)
class Diagnosis:
    """What the version table says (`heads`) and what the schema says (`matches`: every place in the
    history that has exactly this schema).

    `steps` are the revision that it stands at and the pending ones, where the schema fits no place.
    `difference` is from the schema that the heads should have to the one there is. `error` says why
    the history could not be run to its end; what came before still counts. `unseen` are, for each of
    the `matches`, the statements between the heads and it that change rows: no schema tells of these.
    """

    target: str
    heads: tuple[str, ...]
    unknown: tuple[str, ...]
    matches: tuple[tuple[str, ...], ...]
    fingerprint: str
    steps: tuple[StepState, ...] = ()
    difference: Difference | None = None
    error: str | None = None
    unseen: tuple[tuple[str, ...], ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether the schema is what the version table says."""
        return set(self.heads) in [set(place) for place in self.matches]


@dataclass(frozen=True)
class _Stage:
    """The schema at one place of the history, and the step that led there."""

    place: tuple[str, ...]
    revision: str
    message: str
    schema: Catalogue
    rows: tuple[str, ...] = ()  # the statements that change some


def diagnose(target: Target, *, progress: Progress = silent) -> Diagnosis:
    """Find where a database really stands. Reads it, and changes nothing.

    SQLAlchemy's errors pass through when the database cannot be read; Unsupported for a database
    without scratches.
    """
    history = read_history(target)
    standing = read_standing(target, history)
    progress(Event("clone", f"Running the history of {target.name} on an empty database"))
    stages, error = _stages(target, history, standing)
    heads, schema = _observed(target)  # both of one moment: a run may have ended meanwhile
    standing, found = stand(history, heads), without_leftovers(schema)
    matches = [stage.place for stage in stages if not compare(stage.schema, found)]
    if not found.tables and not found.views:
        matches.insert(0, ())
    diagnosis = Diagnosis(
        target=target.name,
        heads=standing.heads,
        unknown=standing.unknown,
        matches=tuple(matches),
        fingerprint=schema.fingerprint,
        error=error,
        unseen=tuple(_unseen(stages, standing.heads, match) for match in matches),
    )
    if matches:
        return diagnosis
    expected = next((s.schema for s in stages if set(s.place) == set(standing.heads)), None)
    if not standing.heads:
        expected = Catalogue((), (), EMPTY_FINGERPRINT)
    return replace(
        diagnosis,
        steps=tuple(_states(stages, standing, found)),
        difference=compare(expected, found) if expected else None,
    )


def _observed(target: Target) -> tuple[tuple[str, ...], Catalogue]:
    """Where a database says that it stands, and its schema; those of an empty one where there is none."""
    with read_only(target) as connection:
        if connection is None:
            return (), Catalogue((), (), EMPTY_FINGERPRINT)
        catalogue = read_catalogue(connection, exclude=target.version_tables)
        return read_heads(connection, target), catalogue


def _stages(
    target: Target, history: History, standing: Standing
) -> tuple[list[_Stage], str | None]:
    """The schema after every step of the whole history, and why it ended early, if it did; of a
    history that cannot be planned whole, up to where the database stands."""
    why: str | None = None
    for goal in ("heads", *(standing.heads if len(standing.heads) == 1 else ())):
        try:
            stages, error = _walk(target, history, goal)
        except HistoryError as refused:
            why = why or str(refused)
            continue
        return stages, why or error
    return [], why


def _walk(
    target: Target, history: History, goal: str, most: int | None = None
) -> tuple[list[_Stage], str | None]:
    """The schema after every step to `goal`, or after so many at `most`, and why it ended early."""
    finished = 0

    def follow(event: Event) -> None:
        nonlocal finished
        finished += event.kind == "step-finished"

    try:
        with scratch_of(target) as scratch, snapshot_of(scratch) as snapshot:
            plan = make_plan(replace(snapshot, last_paths=target.last_paths), goal)
            places = places_along(history, [step.revision for step in plan.steps])
            starts = ((), *places[:-1])
            passes = tuple(
                Pass((step,), start) for step, start in zip(plan.steps, starts, strict=True)
            )
            answer = run_job(Job("run", snapshot, passes[:most]), progress=follow)
    except NothingToDo:
        return [], None
    except ChildDied as error:  # without a word of what came before: walk there again
        reached = _walk(target, history, goal, finished)[0] if finished and most is None else []
        return reached, str(error)
    stages = [
        _Stage(place, step.revision, step.message, result.after, _rows(result, target))
        for place, step, result in zip(places, plan.steps, answer.passes, strict=False)
        if result.after is not None
    ]
    return stages, str(error_of(answer.failure)) if answer.failure else None


def _rows(result: PassResult, target: Target) -> tuple[str, ...]:
    """The statements of a step that change rows, but for those of the version table."""
    sent = (statement.sql for step in result.steps for statement in step.statements)
    return tuple(sql for sql in sent if ROWS.match(sql) and target.version_table not in sql)


def _unseen(
    stages: Sequence[_Stage], heads: tuple[str, ...], match: tuple[str, ...]
) -> tuple[str, ...]:
    """The statements that change rows on the way up from one place to another."""
    places: list[set[str]] = [set(), *(set(stage.place) for stage in stages)]
    if set(heads) not in places or set(match) not in places:
        return ()
    way = stages[places.index(set(heads)) : places.index(set(match))]
    return tuple(sql for stage in way for sql in stage.rows)


def _states(stages: Sequence[_Stage], standing: Standing, found: Catalogue) -> Iterator[StepState]:
    """The revisions at which the database stands, and those that are pending, as it shows them."""
    before = Catalogue(())
    for stage in stages:
        if stage.revision in (*standing.heads, *standing.pending):
            yield _state(stage, before, found)
        before = stage.schema


def _state(stage: _Stage, before: Catalogue, found: Catalogue) -> StepState:
    """Tell of each change that a step makes whether the database has it."""
    to_after = changed_things(compare(found, stage.schema))
    to_before = changed_things(compare(found, before))
    sorted_out: dict[str, list[str]] = {"applied": [], "missing": [], "unknown": []}
    for table in compare(before, stage.schema).tables:
        for change in table.changes:
            if change.kind == "column order":
                continue
            thing = (table.name, change.kind, change.name)
            state = (
                "applied"
                if thing not in to_after
                else "missing"
                if thing not in to_before
                else "unknown"
            )
            sorted_out[state].append(_words(table.name, change))
    return StepState(
        stage.revision,
        stage.message,
        *(tuple(sorted_out[state]) for state in ("applied", "missing", "unknown")),
    )


def _words(table: str, change: Change) -> str:
    return f"{change.kind} {table}.{change.name} {change.sign}"


__all__ = ["Diagnosis", "StepState", "diagnose"]
