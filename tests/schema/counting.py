"""What a change makes of a database, as two counts tell it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import Connection, text

from console.schema.count import KeysByTable, count
from console.schema.dialect import Keep
from console.schema.ledger import Count, Ledger
from console.schema.survival import compare

CLEAN = Count((), ())


def execute(connection: Connection, *statements: str) -> None:
    """Execute these, one after the other."""
    for statement in statements:
        connection.execute(text(statement))


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


def keyless(connection: Connection) -> None:
    """A table without a primary key, some of whose rows share values."""
    connection.execute(text("DROP TABLE IF EXISTS t"))
    connection.execute(text("CREATE TABLE t (id integer, name varchar(20), weight integer)"))
    rows = "(1, 'Lamp', 7), (2, 'Chair', 7), (3, NULL, 9), (NULL, 'Rug', NULL)"
    connection.execute(text(f"INSERT INTO t VALUES {rows}"))
