"""judgement: whether what a run lost was foreseen by its rehearsal."""

from __future__ import annotations

from collections.abc import Collection

from console.schema.errors import DataLost, OthersWrote
from console.schema.excess import by_table, excess, told
from console.schema.ledger import Ledger

UNSURE = (
    "others may have done this to {tables} while the plan ran, which cannot be told from what the plan "
    "did there"
)


def judged(
    ledger: Ledger, expected: Ledger, *, held: Collection[str] | None, is_whole: bool
) -> Ledger:
    """Return the ledger of a run, which says of the losses of its rehearsal how much more they are.

    `held` are the tables to which others could not write meanwhile, None where they could to none.
    Raises DataLost for losses of another kind; OthersWrote where they are all in tables that others
    could write to, and a plan that `is_whole`, one transaction, can be tried again while they wait.
    """
    worse = excess(ledger, expected)
    if not worse:
        return told(ledger, expected)
    found = [table for table, _ in by_table(ledger, expected)]
    exposed = frozenset(found).difference(found if held is None else held)
    if exposed and not is_whole:
        raise DataLost((*worse, UNSURE.format(tables=", ".join(sorted(exposed)))))
    if exposed and exposed == set(found) and len(found) == len(worse):
        raise OthersWrote(exposed)
    raise DataLost(worse)
