"""large_objects: what PostgreSQL keeps outside of all tables, counted as if it were one."""

from __future__ import annotations

from array import array
from dataclasses import replace
from itertools import compress

from sqlalchemy.engine import Connection

from console.schema.dialect import Keys, summed
from console.schema.ledger import TableCount

LARGE_OBJECTS = "large objects"
READ_BYTES = (
    1024**3
)  # about four seconds; of more, or where the role may not read them, only the number
NUMBER = """
SELECT (SELECT count(*) FROM pg_largeobject_metadata),
       has_table_privilege('pg_largeobject', 'SELECT')
       AND pg_table_size('pg_largeobject') <= {limit}
"""
CONTENTS = """
SELECT m.oid::bigint, coalesce(sum(hashtextextended(md5(l.data), l.pageno)), 0)::text
FROM pg_largeobject_metadata m LEFT JOIN pg_largeobject l ON l.loid = m.oid GROUP BY m.oid
"""
MASK = (1 << 63) - 1


def count_large_objects(
    connection: Connection, earlier: Keys | None
) -> tuple[TableCount, Keys | None]:
    """Count them, with a checksum of what they hold unless that is too much or not allowed; given
    `earlier` ones, those by themselves where they are not all."""
    number, is_readable = connection.exec_driver_sql(NUMBER.format(limit=READ_BYTES)).one()
    if not is_readable:
        return TableCount(LARGE_OBJECTS, int(number), ()), None
    rows = connection.exec_driver_sql(CONTENTS).all() if number else []
    oids = array("q", (row[0] for row in rows))
    hashes = array("q", (int(row[1]) & MASK for row in rows))
    table = TableCount(LARGE_OBJECTS, len(rows), (summed("content", hashes),))
    if earlier is not None:
        known = set(earlier.numbers)
        kept = list(compress(hashes, (oid in known for oid in oids)))
        there = TableCount(LARGE_OBJECTS, len(kept), (summed("content", kept),))
        table = replace(table, earlier=there, then=earlier.before(table, oids))
    return table, Keys(oids, {"content": hashes})
