"""preview: a revision's statements, captured on an empty scratch database or written without one."""

from __future__ import annotations

from dataclasses import replace

from console.schema.clone import scratch_of
from console.schema.errors import BrokenRevision
from console.schema.history import read_history
from console.schema.job import Job, Pass
from console.schema.plan import Direction, Step, make_plan
from console.schema.process import error_of, run_job
from console.schema.progress import silent
from console.schema.snapshot import snapshot_of
from console.schema.statement import Statement
from console.schema.target import Target


def preview(target: Target, revision: str, direction: Direction) -> tuple[Statement, ...]:
    """See `console.schema.statement.compile_statements`."""
    name = read_history(target).find(revision).id
    with scratch_of(target) as scratch, snapshot_of(scratch) as snapshot:
        plan = make_plan(replace(snapshot, last_paths=target.last_paths), name)
        passes = [Pass(plan.steps, ())]
        if direction == "down":
            step = replace(plan.steps[-1], direction="down")
            passes.append(Pass((step,), plan.end))
        answer = run_job(Job("run", snapshot, tuple(passes)), progress=silent)
    if answer.failure:
        raise error_of(answer.failure)
    return answer.passes[-1].steps[-1].statements


def preview_offline(target: Target, revision: str, direction: Direction) -> tuple[Statement, ...]:
    """See `console.schema.statement.compile_statements`."""
    found = read_history(target).find(revision)
    if found.is_broken:
        raise BrokenRevision(str(found.path), found.problems[0].message)
    with snapshot_of(target) as snapshot:
        step = Step(
            found.id, direction, found.message, found.parents, found.path.name, found.sha256
        )
        job = Job("offline", snapshot, (Pass((step,), ()),))
        answer = run_job(job, progress=silent)
    if answer.failure:
        raise error_of(answer.failure)
    return answer.written
