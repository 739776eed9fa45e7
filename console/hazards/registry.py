"""registry: the rules by their codes. A rule looks at the evidence and yields findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from console.hazards.evidence import Evidence
from console.hazards.hazard import Severity
from console.schema.probe import Probe

DATABASES = ("sqlite", "postgresql", "mysql")  # by SQLAlchemy's names; MariaDB counts as MySQL


@dataclass(frozen=True)
class Finding:
    """What a rule found: where, what goes wrong in numbers, and code to paste.

    `severity` differs from the rule's own where the numbers make it milder; `evidence` is what the
    live database answered.
    """

    revision: str
    subject: str
    danger: str
    rewrite: str = ""
    severity: Severity | None = None
    evidence: tuple[Probe, ...] = ()


Look = Callable[[Evidence], Iterable[Finding]]


@dataclass(frozen=True)
class Rule:
    """A stable code, its severity, why it is dangerous at all, and the function that looks.

    `instead` says the safe way in a sentence, and `databases` which databases it concerns.
    """

    code: str
    severity: Severity
    reason: str
    look: Look
    instead: str
    databases: tuple[str, ...] = DATABASES

    def concerns(self, database: str) -> bool:
        """Whether the rule looks at plans for this kind of database."""
        return self.databases == DATABASES or database in self.databases


RULES: dict[str, Rule] = {}


def rule(
    code: str,
    severity: Severity,
    reason: str,
    *,
    instead: str,
    databases: tuple[str, ...] = DATABASES,
) -> Callable[[Look], Look]:
    """Register the decorated function as the rule `code`; a code is taken once only."""

    def register(look: Look) -> Look:
        if code in RULES:
            raise ValueError(f"There are two rules '{code}'.")
        RULES[code] = Rule(code, severity, reason, look, instead, databases)
        return look

    return register
