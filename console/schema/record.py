"""record: the rows of a journal as values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from console.schema.ledger import Count
from console.schema.plan import Step


@dataclass(frozen=True)
class Begun:
    """What a run began with: its steps, and the count before the first of them."""

    steps: tuple[Step, ...]
    first: Count


@dataclass(frozen=True)
class Record:
    """One row of the journal. Number 0 begins a run; its statement is a `Begun`, as JSON.

    `session` tells the session of the server that wrote it from all others. `rowid` is not 0 where a
    statement gave something to those after it that it could not give again; `details` is JSON of what
    one kind of database has to know besides.
    """

    run: str
    session: str
    revision: str
    number: int
    state: str
    fingerprint: str
    digest: str
    rowid: int
    details: str
    statement: str


def unfinished(records: Sequence[Record], version_table: str) -> tuple[Record, ...]:
    """Return the records of the last revision, unless it moved the version table: then it is over."""
    steps = [record for record in records if record.number]
    last = [record for record in steps if record.revision == steps[-1].revision]
    is_over = any(keeps_place(record.statement, version_table) for record in last)
    return () if is_over else tuple(last)


def keeps_place(sql: str, version_table: str) -> bool:
    """Whether a statement is one by which Alembic moves its version table, in whatever schema."""
    moves = r"\s*(UPDATE|INSERT INTO|DELETE FROM) ([`\"]?\w+[`\"]?\.)?[`\"]?"
    return bool(re.match(rf"{moves}{re.escape(version_table)}\b", sql, re.IGNORECASE))
