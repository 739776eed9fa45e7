"""execution: one pass inside the child, as the generator that Alembic takes its steps from.

It runs inside the transaction that env.py opened: what it raises rolls everything back.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from console.schema.capture import Capture
from console.schema.catalogue import Catalogue, read_catalogue
from console.schema.compatibility import Reading, weigh
from console.schema.count import KeysByTable, count
from console.schema.dialect import Dialect
from console.schema.errors import DataLost, MigrationFailed, PlanChanged
from console.schema.guard import Guard
from console.schema.inquiry import put
from console.schema.job import Job, Pass, PassResult
from console.schema.journal import Journal
from console.schema.ledger import Count, Ledger, compare, excess
from console.schema.plan import Step
from console.schema.progress import Event, Progress
from console.schema.reading import read_models
from console.schema.record import Begun

SPLIT = (
    "The migration committed in the middle, by itself and past every check. What it did up to then "
    "is saved, what came after is not. Take the commit out, and look at the schema before you go on."
)


class Execution:
    """All passes of a job. `first` is the count before the first of them: what each is held against."""

    def __init__(
        self,
        job: Job,
        dialect: Dialect,
        guard: Guard,
        capture: Capture,
        progress: Progress,
        journal: Journal | None = None,
    ) -> None:
        self.job, self.dialect, self.guard = job, dialect, guard
        self.capture, self.progress = capture, progress
        self.journal = journal
        self.first: Count | None = job.first
        self.keys: KeysByTable = {}
        self.is_counted = False
        self.catalogue: Catalogue | None = None
        self.result = PassResult()
        self.exclude = (job.target.version_table,)

    def begin(self) -> None:
        """Forget what an earlier attempt has seen; what a pass has left behind stays."""
        self.guard.state = "idle"
        self.capture.reset()
        if not self.is_counted:
            self.first, self.keys = self.job.first, {}

    def keep(self) -> None:
        """A pass is over: the first count stands for all others of the job."""
        self.is_counted = True

    def work(self, plan: Pass, script: ScriptDirectory) -> _Work:
        """Return the function for Alembic that runs one pass."""
        return _Work(self, plan, script)

    def check_start(self, plan: Pass, heads: tuple[str, ...], catalogue: Catalogue) -> None:
        """Raise PlanChanged unless the database stands, under the lock, where the plan begins."""
        changes = []
        if set(heads) != set(plan.start):
            stands, planned = ", ".join(heads) or "base", ", ".join(plan.start) or "base"
            changes.append(f"the database stands at {stands} and not at {planned}")
        if plan.schema_digest and catalogue.fingerprint != plan.schema_digest:
            changes.append("the schema of the database changed")
        if changes:
            raise PlanChanged(tuple(changes))

    def check_probes(self, plan: Pass, connection: Connection, catalogue: Catalogue) -> None:
        """Raise PlanChanged where what hazards asked the data has a worse answer by now. Only what
        was answered in time before is asked again, and only of the schema that it was asked of."""
        asked = [p for p in plan.probes if p.question.binds and p.answer is not None]
        if not asked or catalogue.fingerprint != plan.schema_digest:
            return
        self.progress(Event("check", "Asking again what the hazards rest on"))
        worse = [p.worsened(put(connection, p.question)) for p in dict.fromkeys(asked)]
        if changes := tuple(words for words in worse if words):
            raise PlanChanged(changes)

    def take_count(self, connection: Connection, text: str) -> Count:
        """Count the database for the ledger."""
        self.progress(Event("ledger", text))
        if self.first is None:
            self.first = count(connection, exclude=self.exclude, keys=self.keys)
            return self.first
        return count(connection, exclude=self.exclude, earlier=self.keys)

    def partial(self) -> PassResult:
        """What is known of a pass that failed."""
        if self.capture.revision is not None:
            self.capture.end()
        return PassResult(
            steps=tuple(self.capture.steps),
            operations=tuple(self.capture.operations),
            before=self.catalogue,
            counts=self.first.tables if self.first else (),
        )

    def judge(self, plan: Pass, ledger: Ledger) -> None:
        """Raise DataLost for losses that the rehearsal did not have."""
        worse = excess(ledger, plan.expected) if plan.expected is not None else ()
        if worse:
            raise DataLost(worse)

    def check_foreign_keys(self, before: dict[str, int], after: dict[str, int]) -> None:
        """Raise MigrationFailed where the pass broke foreign keys that were sound before it."""
        broken = [
            f"{number - before.get(words, 0):,} {words}"
            for words, number in after.items()
            if number > before.get(words, 0)
        ]
        if broken:
            raise MigrationFailed(f"The plan would leave {'; '.join(broken)}.")


class _Work:
    """One pass."""

    def __init__(self, execution: Execution, plan: Pass, script: ScriptDirectory) -> None:
        self.execution, self.plan, self.script = execution, plan, script

    def __call__(self, heads: tuple[str, ...], context: MigrationContext) -> Iterator[RevisionStep]:
        execution, plan = self.execution, self.plan
        connection = context.connection
        assert connection is not None
        catalogue = read_catalogue(connection, exclude=execution.exclude)
        execution.check_start(plan, heads, catalogue)
        execution.check_probes(plan, connection, catalogue)
        execution.catalogue = catalogue
        if execution.first is None:
            execution.take_count(connection, "Counting every table before the first step")
        if execution.journal and not execution.is_counted:
            assert execution.first is not None
            execution.journal.open(connection, Begun(plan.steps, execution.first))
        start = _Start(
            catalogue,
            execution.dialect.violations(connection),
            execution.dialect.leftovers(connection),
            execution.dialect.transaction(connection),
            read_models(context) if plan.reads else (),
        )
        execution.guard.start()
        begun = time.perf_counter()
        for number, step in enumerate(plan.steps):
            yield from self._step(number, step)
        spent = (time.perf_counter() - begun) * 1000
        execution.guard.refuse_if_broken()
        self._conclude(context, start, spent)
        execution.guard.finish()
        if execution.journal:
            execution.journal.close(connection)
        # Where every step commits by itself, all of them have by now.
        execution.guard.committed = not execution.dialect.is_transactional

    def _step(self, number: int, step: Step) -> Iterator[RevisionStep]:
        execution, total = self.execution, len(self.plan.steps)
        text = (
            f"{'Applying' if step.direction == 'up' else 'Undoing'} {step.message or step.revision}"
        )
        execution.progress(Event("step-started", text, step.revision, number, total))
        execution.capture.begin(step.revision)
        revision = self.script.get_revision(step.revision)
        assert revision is not None
        make = (
            MigrationStep.upgrade_from_script
            if step.direction == "up"
            else MigrationStep.downgrade_from_script
        )
        yield make(self.script.revision_map, revision)
        result = execution.capture.end()
        done = f"{step.message or step.revision}: {result.milliseconds:,.0f} ms"
        execution.progress(Event("step-finished", done, step.revision, number + 1, total))

    def _conclude(self, context: MigrationContext, start: _Start, spent: float) -> None:
        """Check everything before the commit, and keep the result."""
        execution, connection = self.execution, context.connection
        assert connection is not None
        if execution.dialect.transaction(connection) != start.transaction:
            raise MigrationFailed(SPLIT)
        execution.progress(Event("check", "Checking foreign keys"))
        execution.check_foreign_keys(start.violations, execution.dialect.violations(connection))
        after = execution.take_count(connection, "Counting every table after the last step")
        assert execution.first is not None
        ledger = compare(execution.first, after)
        execution.judge(self.plan, ledger)
        execution.result = PassResult(
            steps=tuple(execution.capture.steps),
            operations=tuple(execution.capture.operations),
            milliseconds=spent,
            heads=context.get_current_heads(),
            ledger=ledger,
            before=start.catalogue,
            after=read_catalogue(connection, exclude=execution.exclude),
            counts=execution.first.tables,
            leftovers=tuple(sorted(execution.dialect.leftovers(connection) - start.leftovers)),
            compatibility=weigh(start.readings, read_models(context)) if self.plan.reads else None,
        )


class _Start:
    """What a pass compares its end with."""

    def __init__(
        self,
        catalogue: Catalogue,
        violations: dict[str, int],
        leftovers: frozenset[str],
        transaction: str,
        readings: tuple[Reading, ...] = (),
    ) -> None:
        self.catalogue, self.violations, self.leftovers = catalogue, violations, leftovers
        self.transaction, self.readings = transaction, readings
