"""rehearsal: what happened when a plan ran on a clone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from console.schema.catalogue import Catalogue, Difference
from console.schema.clone import Clone, clone_of, remove_orphans
from console.schema.compatibility import Compatibility
from console.schema.dialects import dialect_of
from console.schema.difference import compare
from console.schema.errors import ChildDied
from console.schema.executor import schema_digest
from console.schema.halfway import done_before
from console.schema.job import Answer, Failure, Job, Pass, PassResult
from console.schema.journaled import going_on
from console.schema.ledger import Ledger, TableCount
from console.schema.outcome import Outcome, StepResult
from console.schema.plan import Direction, Plan, Step
from console.schema.process import error_of, run_job
from console.schema.progress import Event, Progress, silent
from console.schema.snapshot import snapshot_of, verify
from console.schema.statement import Operation
from console.schema.target import Target

__all__ = ["Outcome", "Rehearsal", "StepResult", "WayBack", "rehearse", "remove_orphans"]


@dataclass(frozen=True)
class WayBack:
    """What the reverse plan did on the same clone: `works`, or `error`; `ledger` against the very start."""

    works: bool
    ledger: Ledger | None = None
    error: str | None = None
    difference: Difference | None = None


@dataclass(frozen=True)
class Rehearsal:
    """A plan that ran on a clone. `succeeded` False carries `error` and the revision it happened in.

    `clone` says how the copy was made ("SQLite backup of 48 kB"); milliseconds are of the clone,
    and of the plan itself. `before` is the schema that the plan found, and `counts` are the rows and
    values of its tables: what hazards are judged by, also where the plan failed.
    """

    digest: str
    succeeded: bool
    clone: str
    clone_milliseconds: float
    milliseconds: float
    steps: tuple[StepResult, ...]
    difference: Difference
    ledger: Ledger | None
    operations: tuple[Operation, ...] = ()
    way_back: WayBack | None = None
    leftovers: tuple[str, ...] = ()
    error: str | None = None
    failed_revision: str | None = None
    failed_statement: str | None = None
    before: Catalogue | None = None
    counts: tuple[TableCount, ...] = ()
    compatibility: Compatibility | None = None


def rehearse(
    target: Target, plan: Plan, *, workspace: Path, progress: Progress = silent
) -> Rehearsal:
    """Run `plan` on a clone of the target's database below `workspace`, then its way back.

    The same checks, capture and ledger as a run for real. The clone is gone afterwards; those of
    killed processes are removed with it. Never raises for what the migration does; raises
    PlanChanged if files or database are not those of the plan, and Unsupported.
    """
    dialect = dialect_of(target)
    remove_orphans(workspace, target)
    with snapshot_of(target) as snapshot:
        verify(plan, snapshot, target)
        progress(Event("clone", f"Copying {target.name}"))
        with clone_of(target, workspace) as clone:
            progress(Event("clone", f"{clone.how}, {clone.milliseconds:,.0f} ms"))
            on_clone = replace(snapshot, url=clone.target.url)
            # A dump is spelled in other words; the source's own words have been held to the plan.
            schema = schema_digest(plan.ingredients) if clone.is_exact else ""
            forward = Pass(plan.steps, plan.start, schema, reads=True)
            backward = Pass(reverse(plan), plan.end)
            job = Job("run", on_clone, (forward, backward))
            if not dialect.is_transactional:
                job = going_on(job, done_before(target, plan.steps), plan.digest)
            try:
                answer = run_job(job, progress=progress)
            except ChildDied as error:
                answer = Answer(failure=Failure("ChildDied", str(error)))
    rehearsal = _conclude(plan, clone, answer)
    progress(Event("finished", _sentence(rehearsal)))
    return rehearsal


def reverse(plan: Plan) -> tuple[Step, ...]:
    """Return the steps that undo a plan, last first."""
    back: Direction = "down" if plan.direction == "up" else "up"
    return tuple(replace(step, direction=back) for step in reversed(plan.steps))


def _conclude(plan: Plan, clone: Clone, answer: Answer) -> Rehearsal:
    """Make the value of what the child answered."""
    failure = answer.failure
    if failure and failure.error == "PlanChanged" and len(answer.passes) < 2:
        raise error_of(failure)
    forward = answer.passes[0] if answer.passes else PassResult()
    succeeded = forward.ledger is not None
    rehearsal = Rehearsal(
        digest=plan.digest,
        succeeded=succeeded,
        clone=clone.how,
        clone_milliseconds=clone.milliseconds,
        milliseconds=forward.milliseconds,
        steps=forward.steps,
        difference=_difference(forward),
        ledger=forward.ledger,
        operations=forward.operations,
        leftovers=forward.leftovers,
        before=forward.before,
        counts=forward.counts,
        compatibility=forward.compatibility,
    )
    if succeeded:
        return replace(rehearsal, way_back=_way_back(answer))
    assert failure is not None
    return replace(
        rehearsal,
        error=str(error_of(failure)),
        failed_revision=failure.revision,
        failed_statement=failure.statement,
    )


def _way_back(answer: Answer) -> WayBack:
    """Judge the second pass."""
    if answer.failure:
        return WayBack(False, error=str(error_of(answer.failure)))
    forward, backward = answer.passes
    assert forward.before is not None
    assert backward.after is not None
    return WayBack(True, backward.ledger, None, compare(forward.before, backward.after))


def _difference(result: PassResult) -> Difference:
    if result.before is None or result.after is None:
        return Difference(())
    return compare(result.before, result.after)


def _sentence(rehearsal: Rehearsal) -> str:
    if rehearsal.ledger is not None:
        return rehearsal.ledger.verdict
    return f"The rehearsal failed: {rehearsal.error}"
