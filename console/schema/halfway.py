"""halfway: what an interrupted run has done, where a plan cannot be one transaction; and going on."""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import inspect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.schema.connection import read_only
from console.schema.dialects import dialect_of
from console.schema.driver import engine_of
from console.schema.errors import PlanChanged
from console.schema.history import read_heads
from console.schema.journal import TABLE, fingerprint
from console.schema.plan import Plan, Step
from console.schema.record import Begun, Record
from console.schema.target import Target
from console.schema.wire import decode

SHOWN = 200


@dataclass(frozen=True)
class Halfway:
    """A run that did not reach its end: what it began with, its session on the server, and which
    statements of its last revision have been executed."""

    begun: Begun
    session: int
    done: tuple[Record, ...]
    heads: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Exactly what stays, for a person."""
        stands = f"The database stands at {', '.join(self.heads) or 'base'}"
        if not self.done:
            return f"{stands}, and nothing else was executed."
        revision = self.done[0].revision
        listed = "; ".join(" ".join(record.statement.split())[:SHOWN] for record in self.done)
        number = len(self.done)
        return (
            f"{stands}. Of revision {revision} {number} statement{'' if number == 1 else 's'} "
            f"had been executed and stay{'s' if number == 1 else ''}: {listed}. This database "
            "cannot take them back. Make a plan again: it goes on after them, as long as the file of "
            f"{revision} stays what it is."
        )


def read_halfway(target: Target) -> Halfway | None:
    """Return the run that was interrupted on a target's database, or None."""
    with read_only(target) as connection:
        if connection is None or not inspect(connection).has_table(TABLE):
            return None
        rows = connection.exec_driver_sql(
            "SELECT run, session, revision, number, state, fingerprint, digest, rowid, statement "  # noqa: S608 - our own name
            f"FROM {TABLE} ORDER BY id"
        )
        records = tuple(Record(*row) for row in rows)
        started = [record for record in records if record.number == 0]
        if not started:
            return None
        begun = decode(Begun, json.loads(started[0].statement))
        done = _done(connection, target, records)
        return Halfway(begun, started[-1].session, done, read_heads(connection, target))


def halfway_of(target: Target) -> Halfway | None:
    """As `read_halfway`; None where plans are one transaction, and nothing can be half done."""
    return None if dialect_of(target).is_transactional else read_halfway(target)


def _done(
    connection: Connection, target: Target, records: tuple[Record, ...]
) -> tuple[Record, ...]:
    """The statements of the last revision that were executed, unless it was completed."""
    steps = [record for record in records if record.number]
    last = [record for record in steps if record.revision == steps[-1].revision] if steps else []
    version = re.compile(
        rf"(UPDATE|INSERT INTO|DELETE FROM) `?{re.escape(target.version_table)}\b", re.IGNORECASE
    )
    if any(version.match(record.statement.strip()) for record in last):
        return ()
    done: dict[int, Record] = {}
    for record in last:
        if record.state == "done" or record.fingerprint != fingerprint(connection):
            done[record.number] = record
    return tuple(done[number] for number in sorted(done))


def done_before(target: Target, steps: tuple[Step, ...]) -> Halfway | None:
    """Return the interrupted run that these steps go on with, or None if there is none.

    Raises PlanChanged if there is one and the first of the steps is not the one that it stopped in.
    """
    halfway = read_halfway(target)
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


def end_session(target: Target, seconds: float) -> bool:
    """Kill the session of the interrupted run and wait until it is gone: the server would go on with
    a statement whose process is dead. False if it stays."""
    halfway = read_halfway(target)
    session = int(halfway.session) if halfway else 0
    with engine_of(target.parsed_url, isolation_level="AUTOCOMMIT").connect() as connection:
        alive = (
            "SELECT count(*) FROM information_schema.processlist "  # noqa: S608 - a number
            f"WHERE id = {session} AND db = database()"
        )
        deadline = time.monotonic() + seconds
        while connection.exec_driver_sql(alive).scalar():
            with suppress(DBAPIError):  # gone in the meantime
                connection.exec_driver_sql(f"KILL {session}")
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
    return True
