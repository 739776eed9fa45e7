"""wording: the sentences that several services share."""

from __future__ import annotations

from collections.abc import Sequence

from console.schema.plan import Plan


def title_of(plan: Plan) -> str:
    """What a plan does, after its steps: "Add price to products", "Undo: …" or "Back to base"."""
    if plan.direction == "down" and not plan.end:
        return "Back to base"
    names = [step.message or step.revision for step in plan.steps]
    listed = _shorten(names)
    return (f"Undo: {listed}" if plan.direction == "down" else listed)[:200]


def _shorten(names: Sequence[str]) -> str:
    if len(names) <= 3:
        return "; ".join(names)
    return f"{'; '.join(names[:2])} and {len(names) - 2} more"


def place(heads: Sequence[str]) -> str:
    """Where a database stands, in words: its heads, or "base"."""
    return ", ".join(heads) or "base"


def count_of(number: int, noun: str) -> str:
    """ "1 step", "2 steps"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
