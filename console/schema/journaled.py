"""journaled: applying a plan where it cannot be one transaction, and going on after a death."""

from __future__ import annotations

from dataclasses import replace

from console.schema.errors import ChildDied, DataLost, MigrationFailed, SchemaError
from console.schema.halfway import Halfway, done_before, end_session, read_halfway, remaining
from console.schema.job import Answer, Job
from console.schema.plan import Plan, observe
from console.schema.process import error_of, run_job
from console.schema.progress import Event, Progress
from console.schema.target import Target

ATTEMPTS = 3
SETTLE_SECONDS = 60.0


def run_journaled(target: Target, plan: Plan, job: Job, progress: Progress) -> Answer:
    """Run a job of one pass with a journal; when its process dies, go on where it was.

    Raises what the run raises, with exactly what stays in its sentence; ChildDied only when nothing
    was changed, when everything was, or when the process died again and again.
    """
    job = going_on(job, done_before(target, plan.steps), plan.digest)
    for attempt in range(ATTEMPTS):
        try:
            answer = run_job(job, progress=progress)
        except ChildDied as error:
            job = _after_death(target, plan, job, error, is_last=attempt + 1 == ATTEMPTS)
            progress(Event("check", "The process died; going on after what it has executed"))
            continue
        if answer.failure:
            raise _with_what_stays(target, plan, error_of(answer.failure))
        return answer
    raise AssertionError("the last attempt raises")


def going_on(job: Job, halfway: Halfway | None, run: str) -> Job:
    """The job with a journal, after what an interrupted run has executed."""
    if halfway is None:
        return replace(job, run=run)
    return replace(job, run=run, done=halfway.done, first=halfway.begun.first)


def _after_death(target: Target, plan: Plan, job: Job, error: ChildDied, *, is_last: bool) -> Job:
    """Return the job that goes on; raises ChildDied where there is nothing to go on with."""
    if not end_session(target, SETTLE_SECONDS):
        raise ChildDied(
            f"{error} The database server is still busy with what that process sent last, so "
            "where the database stands cannot be told yet."
        ) from error
    heads, _ = observe(target)
    if set(heads) == set(plan.end):
        raise ChildDied(f"{error} The plan had been completed by then.") from error
    halfway = read_halfway(target)
    if halfway is None or (not halfway.done and set(heads) == set(plan.start)):
        raise ChildDied(f"{error} Nothing was changed.") from error
    steps = remaining(plan, heads)
    if steps is None or is_last:
        raise ChildDied(f"{error} {halfway.sentence}") from error
    (only,) = job.passes
    left = replace(only, steps=steps, start=heads, schema_digest="")
    return going_on(replace(job, passes=(left,), done=()), halfway, plan.digest)


def _with_what_stays(target: Target, plan: Plan, error: SchemaError) -> SchemaError:
    """The error, with what this database cannot take back in its sentence."""
    halfway = read_halfway(target)
    if isinstance(error, DataLost):
        return DataLost((*error.losses, "this database could not take it back"))
    if halfway is None or (not halfway.done and set(halfway.heads) == set(plan.start)):
        return error
    if isinstance(error, MigrationFailed):
        text = f"{error} {halfway.sentence}"
        return MigrationFailed(text, error.revision, error.statement)
    return error
