"""progress: what a rehearsal or a run tells while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

EventKind = Literal[
    "clone", "ledger", "step-started", "statement", "step-finished", "check", "finished"
]
TRANSACTION = (
    "transaction"  # the kind that says which transaction it is; by that its end is told later
)


@dataclass(frozen=True)
class Event:
    """One thing that happened; `text` is a sentence. `done` of `total` counts steps or statements."""

    kind: str
    text: str
    revision: str | None = None
    done: int | None = None
    total: int | None = None


Progress = Callable[[Event], None]


def silent(event: Event) -> None:
    """Progress for callers that do not want any."""
