"""mend: take a way out of an interruption, tried on a clone first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from console.schema.cancel import Cancelled, never
from console.schema.clone import clone_of, remove_orphans
from console.schema.concurrent import bare, parse
from console.schema.dialects import dialect_of
from console.schema.difference import changed_things, compare
from console.schema.errors import (
    UNCHANGED,
    ChildDied,
    MigrationFailed,
    NotInTransaction,
    SchemaError,
    Unsupported,
)
from console.schema.interruption import Interruption, Way
from console.schema.invalid_index import find_invalid_indexes
from console.schema.job import LOCK_WAIT_SECONDS, Job, Mend
from console.schema.ledger import Ledger
from console.schema.leftovers import without_leftovers
from console.schema.plan import observe
from console.schema.process import error_of, run_job
from console.schema.progress import Event, Progress, silent
from console.schema.rebuild import schema_of
from console.schema.target import Target

SETTLE_SECONDS = 60.0  # a dead process is not a dead statement
LOOK_AGAIN = "What it had saved by then stays: `manage.py doctor` tells what that is, and goes on."


@dataclass(frozen=True)
class Tried:
    """A way out that ran on a clone with the real data, to the schema that it should lead to: its
    statements, what it did to the data, and what must hold when it is taken. Or `refusal`."""

    statements: tuple[str, ...] = ()
    ledger: Ledger | None = None
    mend: Mend | None = None
    refusal: str = ""


def try_out(
    target: Target,
    interruption: Interruption,
    way: Way,
    *,
    workspace: Path,
    progress: Progress = silent,
) -> Tried:
    """Run a way out on a clone below `workspace`; the first of its choices that leads there is kept.

    RunError where the database cannot be cloned.
    """
    if way.refusal or way.end is None:
        return Tried(refusal=way.refusal)
    heads, fingerprint = observe(target)
    refusal = "It has no statements."
    remove_orphans(workspace, target)
    for statements in way.choices:
        if named := _in_the_way(target, statements):
            refusal = (
                f"The invalid index {named} stands in the way. Drop it first: "
                "`manage.py doctor --fix` asks about it."
            )
            continue
        progress(Event("clone", f"Trying it on a copy of {target.name}"))
        wanted = Mend(statements, heads, fingerprint, way.heads, way.end)
        try:
            try:
                ledger = _on_clone(target, wanted, workspace)
            except NotInTransaction:
                wanted = replace(wanted, is_whole=False)
                ledger = _on_clone(target, wanted, workspace)
        except (ChildDied, MigrationFailed, Unsupported) as error:
            refusal = f"It was tried on a copy and does not work there: {error}"
            continue
        return Tried(statements, ledger, replace(wanted, expected=ledger))
    return Tried(refusal=refusal)


def _in_the_way(target: Target, statements: tuple[str, ...]) -> str:
    """The names of invalid indexes that these statements would build beside themselves."""
    built = {bare(one.name) for one in map(parse, statements) if one.verb == "create"}
    invalid = find_invalid_indexes(target) if built else ()
    return ", ".join(str(index) for index in invalid if index.name in built)


def mend(
    target: Target,
    tried: Tried,
    *,
    lock_wait: float = LOCK_WAIT_SECONDS,
    cancelled: Cancelled = never,
) -> Ledger:
    """Do on the database what was tried, and return its ledger. `cancelled` is asked all the time.

    Raises PlanChanged, WrongDatabase, TargetLocked, DataLost, MigrationFailed or Unsupported; then
    nothing was changed where the database keeps schema changes in a transaction, and elsewhere the
    message says what stays. ChildDied and RunCancelled say whether nothing was changed, or to look
    again.
    """
    assert tried.mend is not None
    try:
        return _ledger_of(Job("mend", target, lock_wait=lock_wait, mend=tried.mend), cancelled)
    except ChildDied as error:
        raise type(error)(f"{error} {_what_stays(target, tried.mend)}") from error


def _what_stays(target: Target, wanted: Mend) -> str:
    """Say, after the death of its process, what became of a way out."""
    dialect = dialect_of(target)
    if not (dialect.is_transactional and wanted.is_whole):
        return LOOK_AGAIN
    try:
        if not dialect.settle(target, SETTLE_SECONDS):
            return LOOK_AGAIN
        heads, fingerprint = observe(target)
    except DBAPIError:  # the server may be gone, too
        return LOOK_AGAIN
    is_start = set(heads) == set(wanted.start) and fingerprint == wanted.fingerprint
    return UNCHANGED if is_start else LOOK_AGAIN


def _on_clone(target: Target, wanted: Mend, workspace: Path) -> Ledger:
    with clone_of(target, workspace) as clone:
        # A dump is spelled in other words: what differs before anything was done may differ after it.
        words = compare(without_leftovers(schema_of(target)), schema_of(clone.target))
        fingerprint = wanted.fingerprint if clone.is_exact else ""
        moved = replace(wanted, fingerprint=fingerprint, tolerated=changed_things(words))
        return _ledger_of(Job("mend", clone.target, mend=moved))


def _ledger_of(job: Job, cancelled: Cancelled = never) -> Ledger:
    answer = run_job(job, progress=silent, cancelled=cancelled)
    if answer.failure:
        raise error_of(answer.failure)
    ledger = answer.passes[0].ledger
    if ledger is None:
        raise SchemaError("The child gave no ledger.")
    return ledger
