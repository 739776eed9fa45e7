"""halfway: what an interrupted run has done, where a plan is not one transaction; and going on."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import inspect
from sqlalchemy.engine import Connection

from console.schema.connection import read_only
from console.schema.dialects import dialect_of
from console.schema.errors import PlanChanged
from console.schema.history import read_history
from console.schema.invalid_index import stays
from console.schema.journal import COLUMNS, TABLE
from console.schema.journals import outcome_of
from console.schema.listing import place
from console.schema.plan import Plan, Step
from console.schema.record import Begun, Record, unfinished
from console.schema.standing import read_heads
from console.schema.target import Target
from console.schema.wire import decode

SHOWN = 200


@dataclass(frozen=True)
class Halfway:
    """A run that did not reach its end: what it began with, its latest attempt and the session of that
    on the server, which statements of its last revision have been executed, and the `invalid` indexes
    that one of them left (PostgreSQL)."""

    begun: Begun
    run: str
    session: str
    done: tuple[Record, ...]
    heads: tuple[str, ...]
    invalid: tuple[str, ...] = ()

    @property
    def session_number(self) -> str:
        """The session as the server numbers it."""
        return self.session.partition(" ")[0]

    @property
    def is_clean(self) -> bool:
        """Whether nothing of a revision is there beyond where the database stands."""
        return not self.done and not self.invalid

    @property
    def sentence(self) -> str:
        """Exactly what stays, for a person."""
        stands = f"The database stands at {place(self.heads)}"
        left = f" {stays(self.invalid)}" if self.invalid else ""
        if not self.done:
            return f"{stands}, and nothing else was executed.{left}"
        revision = self.done[0].revision
        listed = "; ".join(" ".join(record.statement.split())[:SHOWN] for record in self.done)
        number = len(self.done)
        return (
            f"{stands}. Of revision {revision} {number} statement{'' if number == 1 else 's'} "
            f"had been executed and stay{'s' if number == 1 else ''}: {listed}.{left} They cannot "
            "be taken back. Make a plan again: it goes on after them, as long as the file of "
            f"{revision} stays what it is."
        )

    def after(self, said: str) -> str:
        """The sentence as it follows another, which may have told of the indexes already."""
        left = f" {stays(self.invalid)}"
        return self.sentence.replace(left, "") if left.strip() in said else self.sentence


def read_halfway(target: Target) -> Halfway | None:
    """Return the run that was interrupted on a target's database, or None."""
    with read_only(target) as connection:
        return None if connection is None else halfway_in(connection, target)


def halfway_in(connection: Connection, target: Target) -> Halfway | None:
    """The same by a connection to that database."""
    if not inspect(connection).has_table(TABLE):
        return None
    rows = connection.exec_driver_sql(f"SELECT {COLUMNS} FROM {TABLE} ORDER BY id")  # noqa: S608 - our own names
    records = tuple(Record(*row) for row in rows)
    started = [record for record in records if record.number == 0]
    if not started:
        return None
    begun = decode(Begun, json.loads(started[0].statement))
    heads = read_heads(connection, target)
    last = unfinished(records, target.version_table)
    if last and _is_over(target, begun, last[0].revision, heads):
        last = ()
    done: dict[int, Record] = {}
    invalid: list[str] = []
    for record in last:
        state, left = ("done", ()) if record.state == "done" else outcome_of(connection, record)
        invalid += left
        if state == "done":
            done[record.number] = record
    ordered = tuple(done[number] for number in sorted(done))
    latest = started[-1]
    return Halfway(begun, latest.run, latest.session, ordered, heads, tuple(invalid))


def _is_over(target: Target, begun: Begun, revision: str, heads: tuple[str, ...]) -> bool:
    """Whether a revision was completed, or undone, by somebody else in the meantime."""
    applied = revision in read_history(target).ancestors(heads)
    step = next((step for step in begun.steps if step.revision == revision), None)
    return step is None or applied == (step.direction == "up")


def halfway_of(target: Target) -> Halfway | None:
    """As `read_halfway`; None where every plan is one transaction, and nothing can be half done."""
    return read_halfway(target) if dialect_of(target).keeps_journals else None


def done_before(target: Target, steps: tuple[Step, ...]) -> Halfway | None:
    """Return the interrupted run that these steps go on with, or None if there is none.

    Raises PlanChanged if there is one and the first of the steps is not the one that it stopped in.
    """
    halfway = halfway_of(target)
    if halfway is None or not halfway.done:
        return None
    revision = halfway.done[0].revision
    begun = next(step for step in halfway.begun.steps if step.revision == revision)
    first = steps[0]
    if (first.revision, first.direction, first.sha256) != (
        begun.revision,
        begun.direction,
        begun.sha256,
    ):
        raise PlanChanged(
            (
                f"a run stopped half-way in {begun.path}, and this plan does not begin with that "
                f"very file. {halfway.sentence} To go another way, bring the schema to where you "
                f"want it by hand, and drop the table {TABLE}",
            )
        )
    return halfway


def remaining(plan: Plan, heads: tuple[str, ...]) -> tuple[Step, ...] | None:
    """Return the steps of a plan that are left where the database stands; None if it is not on it."""
    now = set(plan.start)
    if now == set(heads):
        return plan.steps
    for number, step in enumerate(plan.steps, 1):
        if step.direction == "up":
            now = (now - set(step.parents)) | {step.revision}
        else:
            now = (now - {step.revision}) | set(step.parents)
        if now == set(heads):
            return plan.steps[number:]
    return None


def end_session(target: Target, run: str, seconds: float) -> bool:
    """End the session of a run whose process is gone, and wait until it is gone too; False if it stays.
    Another run may have the journal by now, or still: its session is left alone."""
    halfway = read_halfway(target)
    if halfway is None or halfway.run != run:
        return True
    return dialect_of(target).end(target, halfway.session, seconds)
