"""listing: names in a sentence, as many as can be read."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 12


def enumerated(names: Sequence[str]) -> str:
    """ "a, b, c", and of very many the first ten and how many more there are."""
    if len(names) <= MOST:
        return ", ".join(names)
    shown = MOST - 2
    return f"{', '.join(names[:shown])} and {len(names) - shown:,} more"


def place(heads: Sequence[str]) -> str:
    """Where a database stands, in words: its heads, or "base"."""
    return enumerated(heads) or "base"
