"""wording: the sentences that several services share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from console.schema.listing import place
from console.schema.plan import Plan

__all__ = ["clean", "clipped", "count_of", "place", "title_of"]

LONGEST_ERROR = 5000  # characters of what a migration raised


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


def count_of(number: int, noun: str) -> str:
    """ "1 step", "2 steps"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def clean(value: Any) -> Any:
    """`value` (text, or plain data with text in it) as every database and every page can take it.

    What a migration prints or raises may hold NUL and halves of characters.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, Mapping):
        return {clean(key): clean(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [clean(each) for each in value]
    return value


def clipped(text: str | None, most: int = LONGEST_ERROR) -> str | None:
    """The text, without what is too much to read."""
    return text if text is None or len(text) <= most else f"{text[:most]}…"
