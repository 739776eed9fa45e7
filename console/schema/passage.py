"""passage: one pass inside the child, as the generator that Alembic takes its steps from.

It runs inside the transaction that env.py opened: what it raises rolls everything back.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator

from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from console.schema.catalogue import read_catalogue
from console.schema.compatibility import weigh
from console.schema.errors import MigrationFailed, PlanChanged, Unsupported
from console.schema.execution import Execution, Start
from console.schema.guard import SPLIT, alone
from console.schema.halfway import halfway_in
from console.schema.job import Pass, PassResult
from console.schema.plan import Step
from console.schema.progress import TRANSACTION, Event
from console.schema.reading import read_models
from console.schema.record import Begun
from console.schema.standing import heads_in
from console.schema.survival import compare

MOVED = "Somebody else has brought the database to {now} while the plan ran; it was at {then}."
ASTRAY = (
    "The plan ran, but the version table says {stands}: the migration has changed it, or Alembic itself. "
    "Leave the version table to Alembic."
)


class Passage:
    """One pass, as the function that Alembic asks for its steps."""

    def __init__(self, execution: Execution, plan: Pass, script: ScriptDirectory) -> None:
        self.execution, self.plan, self.script = execution, plan, script
        self.heads: tuple[str, ...] = ()

    def __call__(self, heads: tuple[str, ...], context: MigrationContext) -> Iterator[RevisionStep]:
        execution, plan = self.execution, self.plan
        connection = context.connection
        assert connection is not None
        if execution.is_begun:
            self._go_on(heads, connection)
        else:
            self._begin(heads, context, connection)
        execution.guard.start()
        begun = time.perf_counter()
        for number in range(execution.completed, len(plan.steps)):
            yield from self._step(number, plan.steps[number], context)
        spent = (time.perf_counter() - begun) * 1000
        if execution.guard.whole:
            execution.guard.refuse_if_broken()
        elif execution.journal and execution.is_begun:  # all is saved, and nothing in doubt
            execution.journal.close(connection)
        self._conclude(context, spent)
        execution.guard.finish()
        # Where every step is saved by itself, all of them are by now.
        execution.guard.committed = not execution.guard.whole

    def _begin(
        self, heads: tuple[str, ...], context: MigrationContext, connection: Connection
    ) -> None:
        """Check that everything is as the plan has it, and take what the end is compared with."""
        execution, plan = self.execution, self.plan
        catalogue = read_catalogue(connection, exclude=execution.exclude)
        try:
            execution.check_start(plan, heads, catalogue)
        except PlanChanged as error:
            if words := execution.dialect.led_away(connection):
                raise Unsupported(words) from error
            raise
        execution.check_probes(plan, connection, catalogue)
        execution.catalogue, execution.heads = catalogue, heads
        if execution.first is None:
            execution.take_count(connection, "Counting every table before the first step", plan)
            execution.look_ahead(plan)
        execution.start = Start(
            catalogue,
            execution.dialect.violations(connection),
            execution.dialect.leftovers(connection),
            execution.dialect.transaction(connection) if execution.guard.whole else "",
            read_models(context) if plan.reads else (),
        )
        if plan.is_shared and execution.start.transaction:
            execution.progress(Event(TRANSACTION, execution.start.transaction))
        if plan.watches:
            execution.capture.watch = execution.dialect.watch(connection)
        if execution.journal and execution.is_journaled:
            assert execution.first is not None
            halfway = halfway_in(connection, execution.job.target)
            done = halfway.done if halfway else ()
            execution.journal.open(connection, Begun(plan.steps, execution.first), done)

    def _go_on(self, heads: tuple[str, ...], connection: Connection) -> None:
        """Take up what the attempt before this one has saved."""
        execution = self.execution
        assert execution.journal is not None
        assert execution.first is not None
        self._refuse_moved(heads)
        halfway = halfway_in(connection, execution.job.target)
        done = halfway.done if halfway else ()
        execution.journal.resume(connection, Begun(self.plan.steps, execution.first), done)

    def applied(self, *, heads: Collection[str], **_: object) -> None:
        """Alembic has written the version table; its transaction is still open."""
        self.heads = tuple(heads)

    def _refuse_moved(self, heads: tuple[str, ...]) -> None:
        """Raise MigrationFailed where the database is not where our own steps have brought it."""
        expected = self.execution.heads
        if set(heads) != set(expected):
            now, then = (", ".join(sorted(place)) or "base" for place in (heads, expected))
            raise MigrationFailed(MOVED.format(now=now, then=then))

    def _step(self, number: int, step: Step, context: MigrationContext) -> Iterator[RevisionStep]:
        execution, total = self.execution, len(self.plan.steps)
        if not execution.guard.whole:
            connection = context.connection
            assert connection is not None
            if execution.completed:  # then the version table is there: Alembic would ask each time
                heads = heads_in(connection, execution.job.target)
            else:
                heads = context.get_current_heads()
            self._refuse_moved(heads)  # under the lock of its transaction
            if self.plan.watches:
                execution.capture.watch = execution.dialect.watch(connection)
        text = (
            f"{'Applying' if step.direction == 'up' else 'Undoing'} {step.message or step.revision}"
        )
        execution.progress(Event("step-started", text, step.revision, number, total))
        # Loads every file when it is asked first: one that fails is not this step's.
        revision = self.script.get_revision(step.revision)
        assert revision is not None
        execution.capture.begin(step.revision)
        make = (
            MigrationStep.upgrade_from_script
            if step.direction == "up"
            else MigrationStep.downgrade_from_script
        )
        made = make(self.script.revision_map, revision)
        made.migration_fn = alone(made.migration_fn, execution.guard)
        yield made
        result = execution.capture.end(is_saved=not execution.guard.whole)
        execution.heads = self.heads
        execution.completed += not execution.guard.whole
        done = f"{step.message or step.revision}: {result.milliseconds:,.0f} ms"
        execution.progress(Event("step-finished", done, step.revision, number + 1, total))

    def _conclude(self, context: MigrationContext, spent: float) -> None:
        """Check everything before the commit, and keep the result."""
        execution, connection, start = self.execution, context.connection, self.execution.start
        assert connection is not None
        assert start is not None
        if execution.guard.whole and execution.dialect.transaction(connection) != start.transaction:
            raise MigrationFailed(SPLIT)
        stands = context.get_current_heads()
        if execution.guard.whole and self.plan.end and set(stands) != set(self.plan.end):
            raise MigrationFailed(ASTRAY.format(stands=", ".join(stands) or "base"))
        catalogue = read_catalogue(connection, exclude=execution.exclude)
        execution.progress(Event("check", "Checking foreign keys"))
        execution.check_foreign_keys(start.violations, execution.dialect.violations(connection))
        assert execution.first is not None
        ledger = None
        if self.plan.proves:
            after = execution.take_count(
                connection, "Counting every table after the last step", self.plan
            )
            ledger = compare(execution.first, after, execution.sent(self.plan))
            ledger = execution.judge(self.plan, connection, ledger, catalogue)
        execution.result = PassResult(
            steps=execution.capture.finished(),
            operations=tuple(execution.capture.operations),
            milliseconds=spent,
            heads=stands,
            ledger=ledger,
            before=start.catalogue,
            after=catalogue,
            counts=execution.first.tables,
            leftovers=tuple(sorted(execution.dialect.leftovers(connection) - start.leftovers)),
            compatibility=weigh(start.readings, read_models(context)) if self.plan.reads else None,
        )
