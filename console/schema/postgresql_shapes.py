"""postgresql_shapes: what of a PostgreSQL database is to be counted: its tables, and its sequences."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.engine import Connection

from console.schema.dialect import Shape, is_managed
from console.schema.postgresql_catalogue import NAME, OWN
from console.schema.postgresql_count import plain

SHAPES = f"""
SELECT {NAME}, quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind,
       c.relispartition, array_agg(a.attname ORDER BY a.attnum), array_agg(coalesce(b.typname, t.typname) ORDER BY a.attnum),
       (SELECT array_agg(k.attname ORDER BY array_position(i.indkey::int[], k.attnum::int))
        FROM pg_index i JOIN pg_attribute k
          ON k.attrelid = i.indrelid AND k.attnum = ANY (i.indkey)
        WHERE i.indrelid = c.oid AND i.indisprimary)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_type b ON b.oid = t.typbasetype AND t.typtype = 'd'
{OWN} AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY c.oid, c.relname, c.relkind, c.relispartition, n.nspname ORDER BY 1
"""  # noqa: S608 - made of constants
# Those that count up, by the column that they belong to.
SEQUENCES = f"""
SELECT coalesce((SELECT CASE WHEN m.nspname = current_schema() THEN t.relname
                             ELSE m.nspname || '.' || t.relname END || '.' || a.attname
                 FROM pg_depend d JOIN pg_class t ON t.oid = d.refobjid
                 JOIN pg_namespace m ON m.oid = t.relnamespace
                 JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
                 WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                   AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')), {NAME}),
       quote_ident(n.nspname) || '.' || quote_ident(c.relname), s.seqincrement
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid {OWN} AND s.seqincrement > 0
AND NOT s.seqcycle
AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT') END ORDER BY 1
"""  # noqa: S608 - made of constants


def shapes_of(
    connection: Connection, exclude: Collection[str], known: Collection[str]
) -> tuple[Shape, ...]:
    """Return the tables that hold data, sorted by name, without those of `exclude`; a partition only where
    it is `known` as a table of its own."""
    return tuple(
        Shape(
            name,
            tuple(columns),
            tuple(key or ()),
            source if kind == "p" else f"ONLY {source}",
            tuple(kinds),
        )
        for name, source, kind, is_part, columns, kinds, key in connection.exec_driver_sql(SHAPES)
        if is_managed(name, exclude) and (not is_part or name in known)
    )


def positions_of(connection: Connection) -> tuple[tuple[str, int], ...]:
    """Return what each sequence that counts up gives next, by the column that it belongs to or by its
    name; without those that we may not read."""
    found = connection.exec_driver_sql(SEQUENCES).all()
    asked = [
        f"SELECT {number}, last_value + CASE WHEN is_called THEN {step} ELSE 0 END FROM {source}"  # noqa: S608 - quoted
        for number, (_, source, step) in enumerate(found)
    ]
    if not asked:
        return ()
    rows = connection.execute(text(plain(" UNION ALL ".join(asked)))).all()
    next_of = {row[0]: row[1] for row in rows}
    return tuple((name, int(next_of[number])) for number, (name, _, _) in enumerate(found))
