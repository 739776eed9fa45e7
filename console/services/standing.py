"""standing: notices what was applied or undone without the console."""

from __future__ import annotations

from collections.abc import Mapping

from console.schema.target import Target
from console.store.store import Store


def note_standing(store: Store, targets: Mapping[str, Target]) -> tuple[str, ...]:
    """Compare where every target stands with where the console knew it to stand.

    Writes "applied outside the console" to the audit trail for every difference that no run of ours
    explains, and returns these sentences. A target that cannot be read is passed over.
    """
    raise NotImplementedError
