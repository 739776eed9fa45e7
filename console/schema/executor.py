"""executor: runs a plan on the target for real, exactly as it was approved, or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError

from console.schema.blame import one_line
from console.schema.cancel import Cancelled, never
from console.schema.dialects import dialect_of
from console.schema.digest import Ingredient
from console.schema.errors import (
    UNCHANGED,
    ChildDied,
    ConnectionLost,
    DataLost,
    MigrationFailed,
    NotInTransaction,
    with_more,
)
from console.schema.guard import ANOTHER, SPLIT
from console.schema.halfway import done_before
from console.schema.job import LOCK_WAIT_SECONDS, Answer, Job, Pass
from console.schema.journaled import run_journaled
from console.schema.ledger import Ledger
from console.schema.listing import place
from console.schema.outcome import Outcome
from console.schema.plan import SCHEMA, Plan, observe
from console.schema.probe import Probe
from console.schema.process import error_of, run_job
from console.schema.progress import TRANSACTION, Event, Progress, silent
from console.schema.snapshot import snapshot_of, verify
from console.schema.target import Target

UNDONE = (MigrationFailed, DataLost, NotInTransaction)  # with its transaction
SETTLE_SECONDS = 60.0  # a dead process is not a dead statement


def apply(
    target: Target,
    plan: Plan,
    *,
    expected: Ledger | None = None,
    probes: tuple[Probe, ...] = (),
    progress: Progress = silent,
    lock_wait: float = LOCK_WAIT_SECONDS,
    cancelled: Cancelled = never,
) -> Outcome:
    """Run `plan` on the target's database in a child process, as one transaction where that can be.

    What runs is a snapshot of the files whose digest is that of the plan. `expected` is the ledger
    of the rehearsal: a loss beyond it rolls everything back. `probes` are what hazards found in the
    data: they are asked again under the lock, and a worse answer stops the plan. Waits up to `lock_wait` seconds for
    others who write to the database. `cancelled` is asked all the time, from another thread: a
    process whose end was asked for is ended, whatever it does.

    Raises PlanChanged, WrongDatabase, TargetLocked, DataLost, MigrationFailed or Unsupported: then
    nothing was changed, but for a MigrationFailed that says that the migration itself has committed
    past every check. ChildDied and RunCancelled say in their sentence where the database stands;
    after ConnectionLost the database itself must tell, when it answers again. Where a plan cannot be
    one transaction (on MariaDB and MySQL, or with an `autocommit_block()` on PostgreSQL),
    MigrationFailed and DataLost say what stays.
    """
    dialect = dialect_of(target)
    with snapshot_of(target) as snapshot:
        verify(plan, snapshot, target)
        schema = schema_digest(plan.ingredients)
        step = Pass(plan.steps, plan.start, schema, expected, probes, is_shared=True, end=plan.end)
        job = Job("run", snapshot, (step,), lock_wait, plan.ingredients)
        if not dialect.is_whole(plan.steps):
            try:
                answer = run_journaled(target, plan, job, progress, cancelled)
            except DBAPIError as error:
                raise ConnectionLost(f"The database does not answer: {one_line(error)}.") from error
            return concluded(plan, answer, progress)
        done_before(target, plan.steps)  # refuses where another plan stopped half-way
        begun: list[str] = []

        def tell(event: Event) -> None:
            if event.kind == TRANSACTION:
                begun.append(event.text)
            progress(event)

        try:
            answer = run_job(job, progress=tell, cancelled=cancelled)
        except ChildDied as error:
            raise type(error)(f"{error} {where_it_stands(target, plan, begun)}") from error
    if answer.failure:
        failed = error_of(answer.failure)
        if isinstance(failed, UNDONE) and SPLIT not in str(failed):
            failed = with_more(failed, where_it_stands(target, plan, begun))
        raise failed
    return concluded(plan, answer, progress)


def concluded(plan: Plan, answer: Answer, progress: Progress) -> Outcome:
    """Make the outcome of an answer, and tell it."""
    result = answer.passes[0]
    assert result.ledger is not None
    if set(result.heads) != set(plan.end):
        raise MigrationFailed(f"The plan ran, but the database stands at {place(result.heads)}.")
    progress(Event("finished", result.ledger.verdict))
    return Outcome(plan.digest, result.heads, result.milliseconds, result.steps, result.ledger)


def schema_digest(ingredients: tuple[Ingredient, ...]) -> str:
    """Return the fingerprint of the live schema that a plan was made on."""
    return next((i.sha256 for i in ingredients if i.name == SCHEMA), "")


def split_of(target: Target, plan: Plan, begun: Sequence[str] = ()) -> str:
    """Say that a plan that did not reach its end has saved something all the same, or may have, as
    the transactions that had `begun` and the schema tell; "" if there is no sign of it."""
    dialect = dialect_of(target)
    if not dialect.is_whole(plan.steps):
        return ""  # its journal tells
    if any(dialect.was_saved(target, transaction) for transaction in begun):
        return SPLIT
    heads, schema = observe(target)
    is_start = set(heads) == set(plan.start)
    return ANOTHER if is_start and schema != schema_digest(plan.ingredients) else ""


def where_it_stands(target: Target, plan: Plan, begun: Sequence[str] = ()) -> str:
    """Say, after a crash, whether the database is at the start or at the end of the plan; or that the
    migration has committed by itself, of which the schema tells, and the transactions that had `begun`."""
    dialect = dialect_of(target)
    try:
        if not dialect.settle(target, SETTLE_SECONDS):
            return (
                "The database server is still busy with what that process sent last, so where the "
                "database stands cannot be told yet."
            )
        heads, _ = observe(target)
        split = split_of(target, plan, begun)
    except DBAPIError:
        return "The database does not answer, so where it stands cannot be told yet."
    if set(heads) == set(plan.end):
        return "The plan had been completed by then."
    if split:
        return split
    if set(heads) == set(plan.start):
        return UNCHANGED
    return f"The database stands at {place(heads)}."
