"""drift: where the models, the database and the history of a target disagree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from console.schema.cancel import CANCELLED, Cancelled, never
from console.schema.catalogue import Change, Difference, TableDifference
from console.schema.clone import scratch_of
from console.schema.difference import compare
from console.schema.errors import RunCancelled, SchemaError, UnknownDatabaseRevision
from console.schema.history import History, read_history
from console.schema.job import Job, Modelled
from console.schema.process import error_of, run_job
from console.schema.progress import Event, Progress, silent
from console.schema.rebuild import rebuild, rebuilt, schema_of
from console.schema.renames import suspected_renames
from console.schema.sqltext import key
from console.schema.standing import Standing, read_standing
from console.schema.statement import Operation
from console.schema.target import Target

Side = Literal["database", "history"]
NOTHING = Difference(())
GONE = f"{CANCELLED} The database was only read, and what was made beside it is gone."
CONSTRAINTS = ("primary key", "foreign key", "unique", "check")
# What models cannot say, or say only of what they use: the database may have more of it.
DATABASE_ONLY = (
    *("trigger", "policy", "rule", "view", "sequence", "enum", "domain", "type", "function"),
    *("procedure", "aggregate", "statistics", "event", "package", "package body"),
)
# What autogenerate writes without a name: its operation, or what a dropped constraint is.
UNNAMED = {
    "create_foreign_key": "foreign key",
    "foreignkey": "foreign key",
    "create_unique_constraint": "unique",
    "unique": "unique",
    "create_table_comment": "option",
    "drop_table_comment": "option",
}


@dataclass(frozen=True)
class Comparison:
    """Two of the three held against each other.

    `difference` is what would have to happen to the first to become the second. `error` says why
    they could not be compared. `suspicions` are drops and adds that may be renames in truth;
    `passed_over` what autogenerate would not write.
    """

    difference: Difference = NOTHING
    suspicions: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    error: str | None = None

    @property
    def is_clean(self) -> bool:
        """Whether they were compared and agree."""
        return not self.difference and self.error is None


@dataclass(frozen=True)
class Drift:
    """Where a target disagrees with itself.

    `history` is from what the history makes to what the database is: what somebody changed by hand.
    `models` is from the database to the models: the revision that is missing. While revisions are
    pending, the models are held against what the whole history makes (`models_against` "history").
    """

    target: str
    heads: tuple[str, ...]
    pending: tuple[str, ...]
    history: Comparison
    models: Comparison
    models_against: Side

    @property
    def is_clean(self) -> bool:
        """Whether all three agree."""
        return self.history.is_clean and self.models.is_clean

    @property
    def is_unknown(self) -> bool:
        """Whether no two of them could be compared."""
        return bool(self.history.error and self.models.error)

    @property
    def is_there(self) -> bool:
        """Whether any two disagree, as far as they could be compared."""
        return bool(self.history.difference or self.models.difference)


def find_drift(
    target: Target, *, progress: Progress = silent, cancelled: Cancelled = never
) -> Drift:
    """Compare the models, the database and the history of a target.

    The database is only read; the history is rebuilt and the models are created on scratch databases.
    What cannot be compared carries its reason. SQLAlchemy's errors pass through when the database
    cannot be read. Raises RunCancelled where `cancelled` says so; nothing that was made is left.
    """
    try:
        return _found(target, progress, cancelled)
    except RunCancelled as error:
        raise RunCancelled(GONE) from error


def _found(target: Target, progress: Progress, cancelled: Cancelled) -> Drift:
    """Both comparisons, one after the other."""
    history = read_history(target)
    standing = read_standing(target, history)
    side: Side = "history" if standing.pending else "database"
    return Drift(
        target=target.name,
        heads=standing.heads,
        pending=standing.pending,
        history=_against_history(target, standing, progress, cancelled),
        models=_against_models(target, history, side, progress, cancelled),
        models_against=side,
    )


def _against_history(
    target: Target, standing: Standing, progress: Progress, cancelled: Cancelled
) -> Comparison:
    """What the database is, compared with what its history makes of nothing."""
    try:
        if standing.unknown:
            raise UnknownDatabaseRevision(standing.unknown)
        made = rebuild(target, standing.heads, progress=progress, cancelled=cancelled)
    except RunCancelled:
        raise
    except SchemaError as error:
        return Comparison(error=str(error))
    difference = compare(made, schema_of(target, cancelled))
    return Comparison(difference, suspected_renames(difference))


def _against_models(
    target: Target, history: History, side: Side, progress: Progress, cancelled: Cancelled
) -> Comparison:
    """What the models say, compared with the database, or with what the whole history makes."""
    progress(Event("clone", "Creating what the models say on an empty database"))
    try:
        if side == "database":
            found = _model(target, cancelled)
        else:
            with rebuilt(target, history.heads, progress=progress, cancelled=cancelled) as scratch:
                found = _model(scratch, cancelled)
    except RunCancelled:
        raise
    except SchemaError as error:
        return Comparison(error=str(error))
    difference = sayable(compare(found.database, found.models))
    passed_over = tuple(_unwritten(difference, found.operations))
    return Comparison(difference, suspected_renames(difference), passed_over)


def _model(target: Target, cancelled: Cancelled) -> Modelled:
    with scratch_of(target) as scratch:
        job = Job("model", target, scratch=scratch.url)
        answer = run_job(job, progress=silent, cancelled=cancelled)
    if answer.failure:
        raise error_of(answer.failure)
    assert answer.modelled is not None
    return answer.modelled


def sayable(difference: Difference) -> Difference:
    """Leave out what models cannot say: the order of columns, names of constraints,
    and views and triggers that only the database has."""
    tables = (replace(table, changes=_sayable(table)) for table in difference.tables)
    return Difference(tuple(table for table in tables if table.changes))


def _sayable(table: TableDifference) -> tuple[Change, ...]:
    changes = [
        change
        for change in table.changes
        if change.kind != "column order"
        and not (change.sign == "removed" and change.kind in DATABASE_ONLY)
    ]
    pairs = [
        (gone, new)
        for gone in changes
        for new in changes
        if (gone.sign, new.sign) == ("removed", "added") and _is_same_but_named(gone, new)
    ]
    named = {id(change) for pair in pairs for change in pair}
    return tuple(change for change in changes if id(change) not in named)


def _is_same_but_named(gone: Change, new: Change) -> bool:
    """Whether two constraints differ in their names alone. A model may leave the name to the
    database, and what a server makes up for it cannot be told from one that was given."""
    is_alike = gone.kind == new.kind and key(gone.before or "") == key(new.after or "")
    return is_alike and gone.kind in CONSTRAINTS


def _kind(operation: Operation) -> str | None:
    """The kind of change that an operation without a name makes."""
    return UNNAMED.get(operation.detail("type") or operation.name)


def _unwritten(difference: Difference, operations: Iterable[Operation]) -> Iterable[str]:
    """The changes that no operation of autogenerate makes, in words."""
    operations = tuple(operations)
    written = {(op.table, op.column or op.detail("name")) for op in operations}
    # What models leave without a name has one in the database, or none there, either.
    unnamed = {(op.table, _kind(op)) for op in operations if not (op.column or op.detail("name"))}
    whole = {op.table for op in operations if op.name in ("create_table", "drop_table")}
    for table in difference.tables:
        for change in table.changes:
            is_part = table.name in whole and change.kind not in DATABASE_ONLY
            by_name, by_kind = (table.name, change.name), (table.name, change.kind)
            if not (is_part or by_name in written or by_kind in unnamed):
                yield f"{table.name}: {change.kind} {change.name}".rstrip()


__all__ = ["Comparison", "Drift", "Side", "find_drift", "sayable"]
