"""baseline: whether an existing database is what a history would have made of nothing."""

from __future__ import annotations

from dataclasses import dataclass

from console.schema.catalogue import Difference
from console.schema.difference import compare
from console.schema.errors import MultipleHeads
from console.schema.history import History, read_history
from console.schema.plan import observe
from console.schema.progress import Progress, silent
from console.schema.rebuild import rebuild, schema_of
from console.schema.renames import suspected_renames
from console.schema.target import Target


@dataclass(frozen=True)
class Baseline:
    """An existing database held against its history up to `heads`.

    `start` is what its version table says now, `fingerprint` its schema's; `difference` is from what
    the history makes to what the database is.
    """

    target: str
    heads: tuple[str, ...]
    start: tuple[str, ...]
    fingerprint: str
    difference: Difference
    suspicions: tuple[str, ...] = ()

    @property
    def is_identical(self) -> bool:
        """Whether the history makes exactly this."""
        return not self.difference


def find_baseline(target: Target, goal: str = "head", *, progress: Progress = silent) -> Baseline:
    """Rebuild the history up to `goal` on an empty scratch, and compare the database with it.

    `goal` is a revision (id, beginning, label), "head", "heads" or "base". Reads the database and
    changes nothing. Raises UnknownRevision, AmbiguousRevision, MultipleHeads, and what rebuilding
    the history raises.
    """
    heads = heads_of(read_history(target), goal)
    made = rebuild(target, heads, progress=progress)
    start, _ = observe(target)
    found = schema_of(target)
    difference = compare(made, found)
    return Baseline(
        target=target.name,
        heads=heads,
        start=start,
        fingerprint=found.fingerprint,
        difference=difference,
        suspicions=suspected_renames(difference),
    )


def heads_of(history: History, goal: str) -> tuple[str, ...]:
    """Return what a version table says of a database that stands at `goal`."""
    if goal == "base":
        return ()
    if goal == "heads":
        return tuple(sorted(history.heads))
    if goal == "head":
        if len(history.heads) > 1:
            raise MultipleHeads(history.heads)
        return history.heads
    return (history.find(goal).id,)
