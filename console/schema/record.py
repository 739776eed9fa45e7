"""record: the rows of a journal as values."""

from __future__ import annotations

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
    """One row of the journal. Number 0 begins a run; its statement is a `Begun`, as JSON."""

    run: str
    session: int
    revision: str
    number: int
    state: str
    fingerprint: str
    digest: str
    rowid: int
    statement: str
