"""journaled: applying a plan that is not one transaction, and going on after a death."""

from __future__ import annotations

import secrets
from dataclasses import replace

from console.schema.cancel import Cancelled, never
from console.schema.errors import (
    UNCHANGED,
    ChildDied,
    ConnectionLost,
    DataLost,
    MigrationFailed,
    PlanChanged,
    RunCancelled,
    SchemaError,
    TargetLocked,
    with_more,
)
from console.schema.halfway import Halfway, done_before, end_session, read_halfway, remaining
from console.schema.job import Answer, Job
from console.schema.listing import place
from console.schema.plan import Plan, observe
from console.schema.process import error_of, run_job
from console.schema.progress import Event, Progress
from console.schema.target import Target

ATTEMPTS = 3
SETTLE_SECONDS = 60.0


def run_journaled(
    target: Target, plan: Plan, job: Job, progress: Progress, cancelled: Cancelled = never
) -> Answer:
    """Run a job of one pass with a journal; when its process dies, go on where it was.

    Raises what the run raises, with exactly what stays in its sentence; ChildDied only when nothing
    was changed, when everything was, or when the process died again and again; RunCancelled, in the
    same words, when somebody asked for the end.
    """
    job = going_on(job, done_before(target, plan.steps))
    for attempt in range(ATTEMPTS):
        try:
            answer = run_job(job, progress=progress, cancelled=cancelled)
        except ChildDied as death:
            is_last = attempt + 1 == ATTEMPTS or isinstance(death, RunCancelled)
            job = _after_death(target, plan, job, death, is_last=is_last)
            progress(Event("check", "The process died; going on after what it has executed"))
            continue
        if answer.failure:
            error = error_of(answer.failure)
            if (told := _with_what_stays(target, plan, job.run, error)) is error:
                raise error
            raise told from error
        return answer
    raise AssertionError("the last attempt raises")


def going_on(job: Job, halfway: Halfway | None) -> Job:
    """The job with a journal of its own, after what an interrupted run has executed."""
    run = secrets.token_hex(32)
    if halfway is None:
        return replace(job, run=run)
    return replace(job, run=run, done=halfway.done, first=halfway.begun.first)


def _after_death(target: Target, plan: Plan, job: Job, error: ChildDied, *, is_last: bool) -> Job:
    """Return the job that goes on; raises ChildDied where there is nothing to go on with."""
    kind = type(error)
    if not end_session(target, job.run, SETTLE_SECONDS):
        raise kind(
            f"{error} The database server is still busy with what that process sent last, so "
            "where the database stands cannot be told yet."
        ) from error
    heads, _ = observe(target)
    if set(heads) == set(plan.end):
        raise kind(f"{error} The plan had been completed by then.") from error
    halfway = read_halfway(target)
    if set(heads) == set(plan.start) and (halfway is None or halfway.is_clean):
        raise kind(f"{error} {UNCHANGED}") from error
    if halfway is None:
        raise kind(f"{error} The database stands at {place(heads)}.") from error
    steps = remaining(plan, heads)
    if steps is None or is_last:
        raise kind(f"{error} {halfway.sentence}") from error
    (only,) = job.passes
    left = replace(only, steps=steps, start=heads, schema_digest="")
    return going_on(replace(job, passes=(left,), done=()), halfway)


def _completed(target: Target, plan: Plan, error: ConnectionLost) -> ConnectionLost:
    """The error, with where the database stands if that is where the plan leads."""
    heads, _ = observe(target)
    if set(heads) != set(plan.end):
        return error
    return ConnectionLost(
        f"{error} The plan had been completed by then: The database stands at {place(heads)}."
    )


def _with_what_stays(target: Target, plan: Plan, run: str, error: SchemaError) -> SchemaError:
    """The error, with what cannot be taken back in its sentence."""
    if isinstance(error, DataLost):
        return DataLost((*error.losses, "it could not be taken back"))
    if not end_session(target, run, SETTLE_SECONDS):
        return error
    halfway = read_halfway(target)
    if halfway is None or halfway.run != run:  # it never began, or its journal is gone by now
        return _completed(target, plan, error) if isinstance(error, ConnectionLost) else error
    if halfway.is_clean and set(halfway.heads) == set(plan.start):
        if isinstance(error, (MigrationFailed, ConnectionLost)):
            return with_more(error, UNCHANGED)
        return error
    if isinstance(error, MigrationFailed):
        return with_more(error, halfway.after(f"{str(error).rstrip('.')}."))
    if isinstance(error, PlanChanged):
        return PlanChanged((*error.changes, halfway.sentence))
    if isinstance(error, (ConnectionLost, TargetLocked)):
        return type(error)(f"{error} {halfway.after(str(error))}")
    return error
