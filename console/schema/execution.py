"""execution: all passes of a job inside the child: what they check, count and remember together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.engine import Connection

from console.schema.capture import Capture
from console.schema.catalogue import Catalogue
from console.schema.compatibility import Reading
from console.schema.count import KeysByTable, count
from console.schema.dialect import Dialect, Keep
from console.schema.errors import MigrationFailed, PlanChanged
from console.schema.excess import ahead
from console.schema.guard import Guard
from console.schema.inquiry import put, with_rows
from console.schema.job import Job, Pass, PassResult
from console.schema.journal import Journal
from console.schema.judgement import judged
from console.schema.ledger import Count, Ledger, losing_rows, renames_in
from console.schema.listing import place
from console.schema.others import Alone, alone_by_locks, alone_by_statements, not_the_plans
from console.schema.probe import Probe
from console.schema.progress import Event, Progress

ORPHANS = (
    "The plan would leave {broken}. While a plan runs on SQLite its foreign keys do nothing by themselves: "
    "delete these rows in the revision, or lead them elsewhere."
)


@dataclass(frozen=True)
class Start:
    """What a pass compares its end with."""

    catalogue: Catalogue
    violations: dict[str, int]
    leftovers: frozenset[str]
    transaction: str
    readings: tuple[Reading, ...] = ()


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
        self.start: Start | None = None
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

    def check_start(self, plan: Pass, heads: tuple[str, ...], catalogue: Catalogue) -> None:
        """Raise PlanChanged unless the database stands, under the lock, where the plan begins."""
        changes = []
        if set(heads) != set(plan.start):
            changes.append(f"the database stands at {place(heads)} and not at {place(plan.start)}")
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
            others: Keep
            losing, others = self.job.losing, "few values"
            if plan.expected is not None:
                losing, others = losing_rows(plan.expected), "keys"
                if plan.is_shared and self.guard.whole:
                    self.held |= frozenset(plan.expected.held)
            self.first = count(
                connection,
                exclude=self.exclude,
                keys=self.keys,
                losing=losing,
                others=others,
                held=self.held,
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
        more = {words: number - before.get(words, 0) for words, number in after.items()}
        broken = [f"{words} ({number:,})" for words, number in more.items() if number > 0]
        if broken:
            raise MigrationFailed(ORPHANS.format(broken="; ".join(broken)))
