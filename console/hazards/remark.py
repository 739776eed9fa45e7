"""remark: what another program says about a plan's SQL, as a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.schema.statement import Statement


@dataclass(frozen=True)
class Remark:
    """One thing that squawk says of a statement: its rule, its message, and what to do instead."""

    statement: Statement
    rule: str
    message: str
    instead: str = ""


@dataclass(frozen=True)
class Remarks:
    """All of them, or in `problem` why there are none to be had."""

    found: tuple[Remark, ...] = ()
    problem: str = ""


Linter = Callable[[Sequence[Statement]], Remarks]


def nothing(statements: Sequence[Statement]) -> Remarks:
    """For those who ask no other program."""
    return Remarks()
