"""hazard: a coded danger in a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from console.schema.probe import Probe

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Hazard:
    """One finding. `danger` says what goes wrong with its numbers, `reason` why, `rewrite` is code to
    paste. `evidence` is what the live database answered when it was judged; `accepted` the reason
    for which the revision file itself accepts it, "" for none."""

    code: str
    severity: Severity
    revision: str
    subject: str  # "products.price"
    danger: str
    reason: str
    rewrite: str = ""
    evidence: tuple[Probe, ...] = ()
    accepted: str = ""

    @property
    def is_blocking(self) -> bool:
        """Whether somebody still has to answer it with a reason."""
        return self.severity == "error" and not self.accepted
