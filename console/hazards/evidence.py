"""evidence: everything that rules judge by, gathered once: all of it values."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from console.hazards.before import Before, bare, before, whole
from console.hazards.captured import Sent, captured
from console.hazards.remark import Linter, Remarks, nothing
from console.hazards.sketch import Sketch, tree_of
from console.hazards.table_name import TableName
from console.schema.catalogue import Column, Table, View
from console.schema.flavour import Flavour, flavour_in
from console.schema.history import History
from console.schema.ledger import ColumnCount, ColumnEntry, Entry, TableCount
from console.schema.plan import Plan, Step
from console.schema.probe import Probe, Question
from console.schema.rehearsal import Rehearsal
from console.schema.statement import Operation
from console.schema.target import Target

if TYPE_CHECKING:
    from console.hazards.renames import Renames

Asker = Callable[[Question], Probe | None]


def nobody(question: Question) -> None:
    """Leave a question unanswered."""
    return


@dataclass(frozen=True)
class Evidence:
    """A plan, what it did on a clone (None if it was not rehearsed), and its files.

    Without a rehearsal its `sketch`, if there is one, says what the files would do.
    Names of tables and columns are those of the database before the plan: what the plan itself
    makes is not in danger.
    """

    target: Target
    plan: Plan
    rehearsal: Rehearsal | None
    history: History
    ask: Asker = nobody
    sketch: Sketch | None = None
    linter: Linter = nothing

    @cached_property
    def remarks(self) -> Remarks:
        """What squawk says about the plan's statements; nothing on other databases."""
        is_asked = self.database == "postgresql"
        return self.linter(tuple(self.statements())) if is_asked else Remarks()

    @property
    def database(self) -> str:
        """The kind of database that a rule may concern; MariaDB counts as MySQL."""
        return "mysql" if self.backend == "mariadb" else self.backend

    @property
    def flavour(self) -> Flavour | None:
        """Which of MariaDB and MySQL it is, where a rehearsal has seen it."""
        clone = self.rehearsal.clone if self.rehearsal and self.database == "mysql" else ""
        return flavour_in(clone) if clone else None

    @property
    def backend(self) -> str:
        """SQLAlchemy's name for the database."""
        return self.target.parsed_url.get_backend_name()

    @property
    def steps(self) -> tuple[Step, ...]:
        """The plan's steps."""
        return self.plan.steps

    def operations(self, *names: str) -> Iterator[Operation]:
        """The captured operations of these names, in order."""
        for operation in self._all:
            if operation.name in names:
                yield operation

    @cached_property
    def _all(self) -> tuple[Operation, ...]:
        """Every operation, with those that SQL comes to behind the others of its revision."""
        from console.hazards.implied import implied  # it stands above these values

        order = {step.revision: position for position, step in enumerate(self.steps)}
        both = (*self.done, *implied(self, self.done))
        return tuple(sorted(both, key=lambda o: order.get(o.revision, len(order))))

    @cached_property
    def done(self) -> tuple[Operation, ...]:
        """Every operation: of the rehearsal, else of the files; tables go by the catalogue's names."""
        from console.hazards.renames import named_operations  # it stands above these values

        if self.rehearsal is not None:
            done = self.rehearsal.operations
        else:
            done = self.sketch.operations if self.sketch else ()
        return tuple(named_operations(self, done))

    def name_in(self, schema: str | None, name: str) -> str:
        """A table's name as the catalogue has it: without its schema where that is the current one,
        which is taken for granted where no table of that schema is known."""
        if not schema:
            return name
        known = {table.name for table in self.tables}
        is_other = any(table.startswith(f"{schema}.") for table in known)
        is_current = schema in ("public", self.target.parsed_url.database)
        is_here = is_current or name in known
        return f"{schema}.{whole(name)}" if is_other or not is_here else whole(name)

    def operations_on_tables(self) -> Iterator[Operation]:
        """Those that name a table, in order."""
        for operation in self._all:
            if operation.table:
                yield operation

    def statements(self) -> Iterator[Sent]:
        """The captured statements that the migration code is responsible for, in order: without
        what Alembic's own version table and batch mode's copies need."""
        yield from self._statements

    @cached_property
    def _statements(self) -> tuple[Sent, ...]:
        from console.hazards.renames import named  # it stands above these values

        version_table = self.target.version_table
        sent = captured(self.rehearsal, self.sketch, self.database, version_table)
        return tuple(named(self, sent))

    @cached_property
    def rebuilt(self) -> frozenset[tuple[str, str]]:
        """(revision, table) of every table that batch mode copied, dropped and renamed."""
        return frozenset(
            (operation.revision, operation.table or "")
            for operation in self.operations("batch_alter_table")
            if operation.detail("rebuilds") == "yes"
        )

    def failed_in(self, revision: str) -> bool:
        """Whether the rehearsal failed in this revision."""
        return self.rehearsal is not None and self.rehearsal.failed_revision == revision

    def probe(self, question: Question) -> tuple[Probe, ...]:
        """What the live database answers, as evidence of a finding: empty where it does not."""
        return tuple(probe for probe in self.asked(question) if probe.answer is not None)

    def asked(self, question: Question) -> tuple[Probe, ...]:
        """The same with an answer that was not given, which says why: for questions that a finding
        turns on. Empty where nobody can be asked."""
        table = self.former(question.table)
        if not table:
            return ()
        columns = tuple(self.former_column(table, c) or c for c in question.columns)
        named = replace(
            question, table=bare(table), columns=columns, referent=bare(question.referent)
        )
        probe = self.ask(named)
        return (probe,) if probe is not None else ()

    def former(self, table: str | None) -> str | None:
        """The name that a table had before a plan which renames it, "" for one that was not there; for any
        other its own."""
        if isinstance(table, TableName):
            return table.former
        if table is None or self._before.table(table) is not None:
            return table
        return self.renamed.tables.get(table, table)

    def former_column(self, table: str | None, column: str | None) -> str | None:
        """The same of a column."""
        known, name = self.table(table), self.former(table)
        is_known = known is not None and any(c.name == column for c in known.columns)
        if is_known or not name or not column:
            return column
        return self.renamed.columns.get((name, column), column)

    @cached_property
    def renamed(self) -> Renames:
        """What the plan renames."""
        from console.hazards.renames import renames  # it stands above these values

        return renames(self)

    def was_there(self, table: str | None) -> bool:
        """Whether a table was there before the plan, under another name perhaps; taken for granted by
        a sketch on its own."""
        if self.rehearsal is None:
            is_made = self.sketch is None or table in self.sketch.made()
            return not is_made and self.former(table) != ""
        return self.table(table) is not None or self.count(table) is not None

    def had_column(self, table: str | None, column: str | None) -> bool:
        """Whether a column was there before the plan; see `was_there`."""
        if self.rehearsal is not None:
            return self._counted(table, column) is not None
        added = any((o.table, o.column) == (table, column) for o in self.operations("add_column"))
        return self.was_there(table) and not added

    def rows(self, table: str | None) -> int | None:
        """How many rows a table had before the plan; None for a table that was not there, or that
        nobody counted."""
        if self._asks and table and self.was_there(table):
            return self._answer(Question("rows", table))
        count = self.count(table)
        return count.rows if count else None

    @property
    def _asks(self) -> bool:
        """Whether numbers are those of the live database: nothing, or a sample only, was counted."""
        sample = self.rehearsal.sample if self.rehearsal else None
        return self.rehearsal is None or (sample is not None and not sample.is_whole)

    def _answer(self, question: Question) -> int | None:
        """What the live database answers, as a number."""
        found = self.probe(question)
        return found[0].answer if found else None

    def count(self, table: str | None) -> TableCount | None:
        """A table as it was counted before the plan."""
        return self._before.count(self.former(table))

    def values(self, table: str | None, column: str | None) -> ColumnCount | None:
        """A column as it was counted before the plan; None if it was not there."""
        if self._asks and table and column and self.had_column(table, column):
            number = self._answer(Question("values", table, (column,)))
            return None if number is None else ColumnCount(column, number, "")
        return self._counted(table, column)

    def _counted(self, table: str | None, column: str | None) -> ColumnCount | None:
        """A column as the rehearsal counted it."""
        count, former = self.count(table), self.former_column(table, column)
        return next((c for c in count.columns if c.name == former), None) if count else None

    @cached_property
    def _before(self) -> Before:
        """The database before the plan."""
        return before(self.rehearsal, self.sketch, self.database)

    def entry(self, table: str | None) -> Entry | None:
        """What the ledger says of a table."""
        return self._before.entry(self.former(table))

    def column_entry(self, table: str | None, column: str | None) -> ColumnEntry | None:
        """What the ledger says of a column."""
        entry, former = self.entry(table), self.former_column(table, column)
        return next((c for c in entry.columns if c.name == former), None) if entry else None

    def table(self, name: str | None) -> Table | None:
        """A table as it was before the plan."""
        return self._before.table(self.former(name))

    def column(self, table: str | None, name: str | None) -> Column | None:
        """A column as it was before the plan."""
        known, former = self.table(table), self.former_column(table, name)
        return next((c for c in known.columns if c.name == former), None) if known else None

    def type_before(self, table: str | None, column: str | None) -> str | None:
        """A column's type before the plan: the database's own word, else the file's."""
        known = self.column(table, column)
        if known is not None:
            return known.type
        changes = (
            o for o in self.operations("alter_column") if (o.table, o.column) == (table, column)
        )
        return next((kind for o in changes if (kind := o.detail("existing_type"))), None)

    def is_required(self, table: str | None, column: str | None) -> bool:
        """Whether a column was NOT NULL before the plan, by the same words."""
        known = self.column(table, column)
        if known is not None:
            return not known.nullable
        changes = (
            o for o in self.operations("alter_column") if (o.table, o.column) == (table, column)
        )
        return any(o.detail("existing_nullable") == "no" for o in changes)

    @property
    def views(self) -> tuple[View, ...]:
        """Every view as it was before the plan."""
        return self._before.views

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table as it was before the plan."""
        return self._before.tables

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        """The syntax trees of the plan's files by revision; what cannot be read is left out."""
        trees = {step.revision: tree_of(self.history, step.revision) for step in self.steps}
        return {revision: tree for revision, tree in trees.items() if tree is not None}
