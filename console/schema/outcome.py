"""outcome: what a step and a whole plan did when they ran."""

from __future__ import annotations

from dataclasses import dataclass

from console.schema.ledger import Ledger
from console.schema.locks import HeldLock
from console.schema.statement import Statement


@dataclass(frozen=True)
class StepResult:
    """One step as it ran: its milliseconds and its statements; on PostgreSQL a rehearsal adds the
    locks that it took."""

    revision: str
    milliseconds: float
    statements: tuple[Statement, ...]
    locks: tuple[HeldLock, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """A plan that ran for real. `heads` is where the database stands afterwards."""

    digest: str
    heads: tuple[str, ...]
    milliseconds: float
    steps: tuple[StepResult, ...]
    ledger: Ledger
