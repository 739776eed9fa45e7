"""rehearsal: what happened when a plan ran on a clone."""

from __future__ import annotations

from dataclasses import dataclass

from console.schema.catalogue import Difference
from console.schema.ledger import Ledger
from console.schema.statement import Operation, Statement


@dataclass(frozen=True)
class StepResult:
    """One step as it ran: its milliseconds and its statements."""

    revision: str
    milliseconds: float
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class WayBack:
    """What the reverse plan did on the same clone: `works`, or `error`; `ledger` against the very start."""

    works: bool
    ledger: Ledger | None = None
    error: str | None = None


@dataclass(frozen=True)
class Rehearsal:
    """A plan that ran on a clone. `succeeded` False carries `error` and the revision it happened in.

    `clone` says how the copy was made ("SQLite backup of 48 kB"); milliseconds are of the clone,
    and of the plan itself.
    """

    digest: str
    succeeded: bool
    clone: str
    clone_milliseconds: float
    milliseconds: float
    steps: tuple[StepResult, ...]
    difference: Difference
    ledger: Ledger | None
    operations: tuple[Operation, ...] = ()
    way_back: WayBack | None = None
    leftovers: tuple[str, ...] = ()
    error: str | None = None
    failed_revision: str | None = None


@dataclass(frozen=True)
class Outcome:
    """A plan that ran for real. `heads` is where the database stands afterwards."""

    digest: str
    heads: tuple[str, ...]
    milliseconds: float
    steps: tuple[StepResult, ...]
    ledger: Ledger
