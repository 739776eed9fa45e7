"""execution: one pass inside the child, as the generator that Alembic takes its steps from.

It runs inside the transaction that env.py opened: what it raises rolls everything back.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import replace

from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from console.schema.capture import Capture
from console.schema.catalogue import Catalogue, read_catalogue
from console.schema.compatibility import Reading, weigh
from console.schema.count import KeysByTable, count
from console.schema.dialect import Dialect
from console.schema.errors import MigrationFailed, PlanChanged, Unsupported
from console.schema.excess import ahead
from console.schema.guard import SPLIT, Guard, alone
from console.schema.halfway import halfway_in
from console.schema.history import heads_in
from console.schema.inquiry import put, with_rows
from console.schema.job import Job, Pass, PassResult
from console.schema.journal import Journal
from console.schema.judgement import judged
from console.schema.ledger import Count, Ledger, compare, losing_rows, renames_in
from console.schema.others import Alone, alone_by_locks, alone_by_statements, not_the_plans
from console.schema.plan import Step
from console.schema.probe import Probe
from console.schema.progress import TRANSACTION, Event, Progress
from console.schema.reading import read_models
from console.schema.record import Begun

MOVED = "Somebody else has brought the database to {now} while the plan ran; it was at {then}."
ASTRAY = (
    "The plan ran, but the version table says {stands}: the migration has changed it, or Alembic itself. "
    "Leave the version table to Alembic."
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
        self.start: _Start | None = None
        self.completed = 0  # steps that are saved, where each is a transaction of its own
        self.heads: tuple[str, ...] = ()  # where they have led
        self.held: frozenset[str] = frozenset()  # tables that others may not write to meanwhile
        self.result = PassResult()
        self.exclude = job.target.version_tables

    def begin(self) -> None:
        """Forget what an earlier attempt has seen; what a pass has left behind stays, and what it has
        saved."""
        self.guard.state = "idle"
        self.capture.reset(keep=self.completed if self.is_begun else 0)
        if self.is_begun:
            return
        self.start, self.completed = None, 0
        if not self.is_counted:
            self.first, self.keys = self.job.first, {}

    def keep(self) -> None:
        """A pass is over: the first count stands for all others of the job."""
        self.is_counted = True

    @property
    def is_begun(self) -> bool:
        """Whether what an attempt has done is in the journal, and stays."""
        return self.journal is not None and self.journal.is_open

    @property
    def is_journaled(self) -> bool:
        """Whether the pass at hand is written down, as all that is left of a plan is whose first part
        left its transaction."""
        return self.journal is not None and not self.is_counted

    @property
    def position(self) -> int:
        """How far attempts have come: what is tried again is the transaction after that."""
        return self.completed if self.is_begun else 0

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
        worse = [self._worsened(connection, probe) for probe in dict.fromkeys(asked)]
        if changes := tuple(words for words in worse if words):
            raise PlanChanged(changes)

    def _worsened(self, connection: Connection, probe: Probe) -> str | None:
        """How the answer of now is worse than it was; how many rows there are is asked only if it matters."""
        later = put(connection, probe.question)
        if not probe.worsened(later):
            return None
        return probe.worsened(with_rows(connection, later))

    def take_count(self, connection: Connection, text: str, plan: Pass) -> Count:
        """Count the database for the ledger of a pass."""
        self.progress(Event("ledger", text))
        if self.first is None:
            losing = losing_rows(plan.expected) if plan.expected is not None else None
            if plan.expected is not None and plan.is_shared and self.guard.whole:
                self.held |= frozenset(plan.expected.held)
            self.first = count(
                connection, exclude=self.exclude, keys=self.keys, losing=losing, held=self.held
            )
            return self.first
        return count(connection, exclude=self.exclude, earlier=self.keys, before=self.first)

    def sent(self, plan: Pass) -> tuple[str, ...]:
        """The SQL of a pass; with the renames of its rehearsal, since an earlier attempt may have sent
        them."""
        foreseen = renames_in(plan.expected) if plan.expected is not None else ()
        return (*(s.sql for step in self.capture.steps for s in step.statements), *foreseen)

    @property
    def is_split(self) -> bool:
        """Whether the one transaction of a pass that failed was saved all the same, in part."""
        if self.start is None or not self.guard.whole or self.guard.committed:
            return False
        return self.dialect.was_saved(self.job.target, self.start.transaction)

    def partial(self) -> PassResult:
        """What is known of a pass that failed."""
        if self.capture.revision is not None:
            self.capture.end()
        return PassResult(
            steps=self.capture.finished(),
            operations=tuple(self.capture.operations),
            before=self.catalogue,
            counts=self.first.tables if self.first else (),
        )

    def look_ahead(self, plan: Pass) -> None:
        """Raise PlanChanged where what the rehearsal dropped holds what was not there to be lost."""
        assert self.first is not None
        if plan.expected is not None and (worse := ahead(self.first, plan.expected)):
            raise PlanChanged(worse)

    def judge(self, plan: Pass, connection: Connection, ledger: Ledger, after: Catalogue) -> Ledger:
        """Return a ledger without what others did, with what the rehearsal says to it; raises DataLost,
        and OthersWrote where another attempt may tell."""
        assert self.first is not None
        assert self.catalogue is not None
        is_open = plan.is_shared and self.dialect.is_shared
        if is_open:
            written = self.dialect.written(connection) if self.guard.whole else None
            if self.guard.is_bypassed:
                alone: Alone = {}
            elif written is None:
                passed = self.journal is not None and self.journal.has_passed
                steps = () if passed else self.capture.finished()
                alone = alone_by_statements(steps, self.catalogue, self.first)
            else:
                alone = alone_by_locks(written, self.catalogue, after, self.first)
            ledger = not_the_plans(ledger, alone)
        if plan.expected is not None:
            held = self.held if is_open else None
            ledger = judged(ledger, plan.expected, held=held, is_whole=self.guard.whole)
        return replace(ledger, held=self._altered())

    def _altered(self) -> tuple[str, ...]:
        """The tables that the plan has locked against everybody who writes, as far as that was watched."""
        assert self.first is not None
        locks = (lock for step in self.capture.finished() for lock in step.locks)
        modes = ("EXCLUSIVE", "ACCESS EXCLUSIVE")
        locked = {lock.table for lock in locks if lock.mode in modes}
        return tuple(table.name for table in self.first.tables if table.name in locked)

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
        execution.start = _Start(
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
        execution.capture.begin(step.revision)
        revision = self.script.get_revision(step.revision)
        assert revision is not None
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
