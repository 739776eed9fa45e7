"""hazard: a coded danger in a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Hazard:
    """One finding. `danger` says what goes wrong with its numbers, `reason` why, `rewrite` is code to paste."""

    code: str
    severity: Severity
    revision: str
    subject: str  # "products.price"
    danger: str
    reason: str
    rewrite: str = ""
