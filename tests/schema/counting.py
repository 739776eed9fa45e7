"""What a change makes of a database, as two counts tell it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy.engine import Connection

from console.schema.count import KeysByTable, count
from console.schema.dialect import Keep
from console.schema.ledger import Ledger
from console.schema.survival import compare


def ledger_of(
    connection: Connection,
    change: Callable[[], object],
    losing: Collection[str] | None = None,
    others: Keep = "keys",
) -> Ledger:
    """Count, change, count, compare. `losing` are the tables that are known to lose rows, and `others`
    is what is remembered of all that are not."""
    keys: KeysByTable = {}
    before = count(connection, keys=keys, losing=losing, others=others)
    change()
    return compare(before, count(connection, earlier=keys, before=before))
