"""registry: the rules by their codes. A rule looks at the evidence and yields findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from console.hazards.evidence import Evidence
from console.hazards.hazard import Severity


@dataclass(frozen=True)
class Finding:
    """What a rule found: where, what goes wrong in numbers, and code to paste.

    `severity` differs from the rule's own where the numbers make it milder.
    """

    revision: str
    subject: str
    danger: str
    rewrite: str = ""
    severity: Severity | None = None


Look = Callable[[Evidence], Iterable[Finding]]


@dataclass(frozen=True)
class Rule:
    """A stable code, its severity, why it is dangerous at all, and the function that looks."""

    code: str
    severity: Severity
    reason: str
    look: Look


RULES: dict[str, Rule] = {}


def rule(code: str, severity: Severity, reason: str) -> Callable[[Look], Look]:
    """Register the decorated function as the rule `code`; a code is taken once only."""

    def register(look: Look) -> Look:
        if code in RULES:
            raise ValueError(f"There are two rules '{code}'.")
        RULES[code] = Rule(code, severity, reason, look)
        return look

    return register
