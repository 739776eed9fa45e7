"""visit: the doctor at one target: who called it, who allows what, and what is written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from console.schema.cancel import Cancelled, never
from console.schema.errors import PlanChanged
from console.schema.progress import Progress, silent
from console.schema.target import Target
from console.services import audit
from console.services.account import Account
from console.services.ailment import Remedy
from console.services.errors import Conflict
from console.services.execution import Workshop
from console.services.queue import active_targets
from console.store.standing import StandingRow
from console.store.times import now

BY_REVIEW = "Here reviews decide (CONSOLE_MIGRATE_WITHOUT_REVIEW is no)"
APPROVER = "an approver can allow it: `manage.py doctor --approver EMAIL`"
NO_REVIEW = f"{BY_REVIEW}, and no review can hold this. But {APPROVER}."


@dataclass(frozen=True)
class Visit:
    """A look at `target` by `actor_name`, with the permission of `approver` if there is one: an
    account that may approve plans, and has said who it is. `cancelled` asks for the end of a remedy
    that is being taken."""

    workshop: Workshop
    target: Target
    actor_name: str
    approver: Account | None = None
    progress: Progress = silent
    cancelled: Cancelled = never

    @property
    def is_free(self) -> bool:
        """Whether what no review approved may be done."""
        return self.workshop.policy.unreviewed or self.approver is not None

    def guarded(self, remedy: Remedy, why: str = NO_REVIEW) -> Remedy:
        """The remedy; shown and refused for the reason `why` where only a review or an approver could
        allow it."""
        if self.is_free or remedy.take is None:
            return remedy
        return replace(remedy, refusal=why, take=None)

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Change the target during the block. Raises Conflict while a run has it, and where it is not
        what was looked at any more."""
        name = self.target.name
        with self.workshop.store.read() as session:
            if name in active_targets(session):
                raise Conflict(f"A run has '{name}'. Wait until it has finished.")
        try:
            yield
        except PlanChanged as error:
            raise Conflict(
                f"'{name}' is not what the doctor has looked at: {'; '.join(error.changes)}. Nothing was "
                "changed here; somebody else may have been quicker. Look again."
            ) from error

    def record(
        self,
        what: str,
        *,
        heads: tuple[str, ...] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Write to the audit trail what was done to the target, and where it stands now if it moved."""
        name = self.target.name
        allowed = f" {self.approver.name} allowed it." if self.approver else ""
        with self.workshop.store.begin() as session:
            row = session.get(StandingRow, name)
            if heads is not None and row is not None:
                row.identity, row.heads = self.target.identity[:500], sorted(heads)
                row.noted_at = now()
            audit.record(
                session,
                actor=self.approver or self.actor_name,
                action="target.mended",
                subject=name,
                text=f"{self.actor_name} looked after {name} and {what}{allowed}",
                data=data,
            )
