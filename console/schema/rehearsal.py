"""rehearsal: what happened when a plan ran on a clone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from console.schema.cancel import Cancelled, never
from console.schema.catalogue import Catalogue, Difference
from console.schema.clone import Clone, clone_of, remove_orphans
from console.schema.compatibility import Compatibility
from console.schema.dialect import keeps_values
from console.schema.dialects import dialect_of
from console.schema.difference import compare
from console.schema.errors import ChildDied, RunCancelled
from console.schema.executor import schema_digest
from console.schema.halfway import done_before
from console.schema.job import Answer, Failure, Job, Pass, PassResult
from console.schema.journaled import going_on
from console.schema.ledger import Ledger, TableCount, of_sample
from console.schema.outcome import Outcome, StepResult
from console.schema.plan import Direction, Plan, Step
from console.schema.process import error_of, run_job
from console.schema.progress import Event, Progress, silent
from console.schema.sample import Sample
from console.schema.snapshot import snapshot_of, verify
from console.schema.statement import Operation
from console.schema.target import Target

__all__ = ["Again", "Outcome", "Rehearsal", "StepResult", "WayBack", "rehearse", "remove_orphans"]


AGAIN = "Once more from a new copy: {tables} lost rows, and now the values of those that stay are compared"


@dataclass(frozen=True)
class Again:
    """The plan once more, after its way back: `works`, or `error`; `difference` between what it left
    the first time and this time."""

    works: bool
    error: str | None = None
    difference: Difference | None = None

    @property
    def sentence(self) -> str:
        """What it says of the way back."""
        if not self.works:
            error = (self.error or "").rstrip(".")
            return (
                f"After it the plan does not work a second time: {error}. "
                "The way back does not lead to where the plan began."
            )
        if self.difference:
            names = ", ".join(table.name for table in self.difference.tables)
            return f"After it the plan works again, but leaves another schema: {names}."
        return "After it the plan works again, and leaves the same schema."


@dataclass(frozen=True)
class WayBack:
    """What the reverse plan did on the same clone: `works`, or `error`; `ledger` against the very start.

    `again` is the plan after it; None where the way back does not work.
    """

    works: bool
    ledger: Ledger | None = None
    error: str | None = None
    difference: Difference | None = None
    again: Again | None = None

    @property
    def sentence(self) -> str:
        """What became of the clone on the way back."""
        if not self.works:
            return f"It does not work: {self.error}"
        if self.ledger is not None and self.ledger.losses:
            return f"It works, and loses {'; '.join(self.ledger.losses)}."
        if self.ledger is not None and self.ledger.settings_lost:
            return f"It works, but {'; '.join(self.ledger.settings_lost)}."
        if self.ledger is not None and not self.ledger.is_clean:
            return "It works, and leaves some values changed."
        if self.difference:
            return "It works and keeps the data, but the schema is not what it was."
        return "It works, and everything is as it was before."


@dataclass(frozen=True)
class Rehearsal:
    """A plan that ran on a clone. `succeeded` False carries `error` and the revision it happened in.

    `clone` says how the copy was made ("SQLite backup of 48 kB"); milliseconds are of the clone,
    and of the plan itself. `before` is the schema that the plan found, and `counts` are the rows and
    values of its tables: what hazards are judged by, also where the plan failed. With a `sample`, all
    numbers are of the rows in it, and the verdicts of both ledgers say so.
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
    sample: Sample | None = None


def rehearse(
    target: Target,
    plan: Plan,
    *,
    workspace: Path,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Rehearsal:
    """Run `plan` on a clone of the target's database below `workspace`, its way back, and the plan
    again.

    The same checks, capture and ledger as a run for real. The clone is gone afterwards; those of
    killed processes are removed with it. Never raises for what the migration does; raises
    PlanChanged if files or database are not those of the plan, Unsupported, and RunCancelled where
    `cancelled` says so, at once.
    """
    remove_orphans(workspace, target)
    try:
        rehearsal = _rehearsed(target, plan, workspace, progress, cancelled)
    except RunCancelled as error:
        raise RunCancelled(f"{error} Only a clone was touched.") from error
    progress(Event("finished", _sentence(rehearsal)))
    return rehearsal


def _rehearsed(
    target: Target,
    plan: Plan,
    workspace: Path,
    progress: Progress,
    cancelled: Cancelled,
    losing: frozenset[str] = frozenset(),
) -> Rehearsal:
    """What became of a clone; of another one, where large tables turn out to lose some of their rows:
    only there the values of all of them are worth to be remembered, which costs more than the rest of
    the ledger."""
    dialect = dialect_of(target)
    with snapshot_of(target) as snapshot:
        verify(plan, snapshot, target)
        progress(Event("clone", f"Copying {target.name}"))
        with clone_of(target, workspace, cancelled) as clone:
            progress(Event("clone", f"{clone.how}, {clone.milliseconds:,.0f} ms"))
            moved = clone.target
            on_clone = replace(snapshot, url=moved.url, stands_for=moved.stands_for)
            # A dump is spelled in other words; the source's own words have been held to the plan.
            schema = schema_digest(plan.ingredients) if clone.is_exact else ""
            forward = Pass(plan.steps, plan.start, schema, reads=True, watches=True)
            backward = Pass(reverse(plan), plan.end)
            again = Pass(plan.steps, plan.start, proves=False)
            passes = (forward, backward, again)
            job = Job("run", on_clone, passes, ingredients=plan.ingredients, losing=losing)
            halfway = done_before(target, plan.steps)
            if not dialect.is_whole(plan.steps):
                job = going_on(job, halfway)
            try:
                answer = run_job(job, progress=progress, cancelled=cancelled)
            except RunCancelled:
                raise
            except ChildDied as error:
                answer = Answer(failure=Failure("ChildDied", str(error)))
    if not losing and (untold := _untold(answer)):
        progress(Event("clone", AGAIN.format(tables=", ".join(sorted(untold)))))
        return _rehearsed(target, plan, workspace, progress, cancelled, untold)
    return _conclude(plan, clone, answer)


def _untold(answer: Answer) -> frozenset[str]:
    """The tables that have lost rows, where the values of the others were too many to be kept just in
    case."""
    ledgers = [each.ledger for each in answer.passes if each.ledger is not None]
    names = {entry.table for ledger in ledgers for entry in ledger.entries if entry.untold}
    return frozenset(
        table.name
        for table in (answer.passes[0].counts if answer.passes else ())
        if table.name in names
        and table.key
        and keeps_values("values", table.rows, len(table.columns))
    )


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
        sample=clone.sample,
    )
    if succeeded:
        return _declared(replace(rehearsal, way_back=_way_back(answer)))
    assert failure is not None
    return replace(
        rehearsal,
        error=str(error_of(failure)),
        failed_revision=failure.revision,
        failed_statement=failure.statement,
    )


def _declared(rehearsal: Rehearsal) -> Rehearsal:
    """Let both verdicts say that they are of a sample, where they are."""
    back = rehearsal.way_back
    sample = rehearsal.sample
    if sample is None or sample.is_whole or rehearsal.ledger is None or back is None:
        return rehearsal
    words = sample.words
    if back.ledger is not None:
        back = replace(back, ledger=of_sample(back.ledger, words))
    return replace(rehearsal, ledger=of_sample(rehearsal.ledger, words), way_back=back)


def _way_back(answer: Answer) -> WayBack:
    """Judge the second pass, and the third."""
    failure = answer.failure
    if failure and len(answer.passes) < 3:  # the pass that failed is the last of them
        return WayBack(False, error=str(error_of(failure)))
    forward, backward, again = answer.passes
    assert forward.before is not None
    assert backward.after is not None
    difference = compare(forward.before, backward.after)
    return WayBack(True, backward.ledger, None, difference, _again(forward, again, failure))


def _again(forward: PassResult, again: PassResult, failure: Failure | None) -> Again:
    """Judge the third pass by the first."""
    if failure:
        return Again(False, str(error_of(failure)))
    assert forward.after is not None
    assert again.after is not None
    return Again(True, None, compare(forward.after, again.after))


def _difference(result: PassResult) -> Difference:
    if result.before is None or result.after is None:
        return Difference(())
    return compare(result.before, result.after)


def _sentence(rehearsal: Rehearsal) -> str:
    if rehearsal.ledger is not None:
        return rehearsal.ledger.verdict
    return f"The rehearsal failed: {rehearsal.error}"
