"""migrate: apply a plan at once, for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from console.schema.progress import Progress, silent
from console.schema.rehearsal import Outcome
from console.schema.target import Target
from console.store.store import Store


def migrate_now(
    store: Store,
    targets: Mapping[str, Target],
    *,
    target: str,
    goal: str,
    actor_name: str,
    workspace: Path,
    progress: Progress = silent,
    rehearse: bool = True,
) -> Outcome:
    """Plan, rehearse (unless told not to) and apply without a review, as a run of its own.

    NothingToDo and other SchemaErrors where there is no plan; Conflict while another apply has the
    target; Refused where the rehearsal fails; the executor's RunError where the apply does.
    """
    raise NotImplementedError
