"""postgresql_sample: a sample of the rows of a PostgreSQL database, for a copy of its schema.

No statement reaches two databases there, so that rows travel through this process, as text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import URL, Connection

from console.schema.dialect import quoted
from console.schema.driver import engine_of
from console.schema.sample import Reference, Rows, Taken, ends_of, taken

AT_ONCE = 1000
OWN = "WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
NAME = "quote_ident(n.nspname) || '.' || quote_ident(c.relname)"
TABLES = f"""
SELECT {NAME}, c.relkind = 'p',
       array_agg(a.attname ORDER BY a.attnum),
       array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum),
       (SELECT array_agg(k.attname ORDER BY array_position(i.indkey::int[], k.attnum::int))
        FROM pg_index i JOIN pg_attribute k
          ON k.attrelid = i.indrelid AND k.attnum = ANY (i.indkey)
        WHERE i.indrelid = c.oid AND i.indisprimary)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
{OWN} AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
GROUP BY c.oid, n.nspname, c.relname, c.relkind ORDER BY 1
"""  # noqa: S608 - made of constants
REFERENCES = """
SELECT (SELECT array_agg(a.attname ORDER BY array_position(k.conkey, a.attnum))
        FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)),
       (SELECT array_agg(a.attname ORDER BY array_position(k.confkey, a.attnum))
        FROM pg_attribute a WHERE a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey)),
       (SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = k.conrelid),
       (SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = k.confrelid)
FROM pg_constraint k WHERE k.contype = 'f'
"""
SEQUENCES = """
SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename), last_value
FROM pg_sequences WHERE last_value IS NOT NULL
"""


# Of a partitioned table those of its partitions together; none where nothing was ever analyzed.
ESTIMATES = f"""
SELECT {NAME}, CASE WHEN max(p.reltuples) >= 0 THEN sum(greatest(p.reltuples, 0))::bigint END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN LATERAL (SELECT c.reltuples WHERE c.relkind = 'r' UNION ALL
  SELECT leaf.reltuples FROM pg_partition_tree(c.oid) t JOIN pg_class leaf ON leaf.oid = t.relid
  WHERE c.relkind = 'p' AND t.isleaf) p ON true
{OWN} AND c.relkind IN ('r', 'p') AND NOT c.relispartition GROUP BY 1
"""  # noqa: S608 - made of constants


@dataclass(frozen=True)
class _Table:
    """A table, the types of the columns that can be written, and how SQL names its own rows."""

    rows: Rows
    types: tuple[str, ...]
    source: str


def copy_rows(url: URL, name: str) -> Taken:
    """Fill the database `name`, which has the tables of `url` and no constraints yet, with a sample of
    its rows; return what was taken. SQLAlchemy's errors pass through."""
    with engine_of(url).connect() as source, engine_of(url.set(database=name)).connect() as copy:
        source.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        tables = {table.rows.table: table for table in _tables(source)}
        references = [r for r in _references(source) if r.table in tables and r.parent in tables]
        source.exec_driver_sql("SET LOCAL row_security = off")  # an error, and not rows unseen
        for table in tables.values():
            _insert(copy, table, _ends(source, table))
        while sum(_add_parents(source, copy, tables[r.parent], r) for r in references):
            pass  # parents have parents
        for sequence, last in source.exec_driver_sql(SEQUENCES).all():
            copy.exec_driver_sql("SELECT setval(%s, %s)", (sequence, last))
        counts = (f"SELECT count(*) FROM {_plain(table.source)}" for table in tables.values())  # noqa: S608 - quoted
        rows = sum(copy.exec_driver_sql(sql).scalar_one() for sql in counts)
        copy.commit()
        estimates = {table: number for table, number in source.exec_driver_sql(ESTIMATES)}  # noqa: C416 - rows are no pairs to mypy
        sources = {
            t.rows.table.removeprefix("public."): (t.source, estimates.get(t.rows.table))
            for t in tables.values()
        }
        objects = source.exec_driver_sql("SELECT 1 FROM pg_largeobject_metadata LIMIT 1").all()
        return taken(
            int(rows),
            sources,
            lambda sql: int(source.exec_driver_sql(_plain(sql)).scalar_one()),
            missing={"large objects": None} if objects else None,
        )


def _tables(source: Connection) -> Iterable[_Table]:
    for name, is_partitioned, columns, types, key in source.exec_driver_sql(TABLES).all():
        rows = Rows(name, tuple(map(quoted, columns)), tuple(map(quoted, key or ())))
        yield _Table(rows, tuple(types), name if is_partitioned else f"ONLY {name}")


def _references(source: Connection) -> Iterable[Reference]:
    for ours, theirs, table, parent in source.exec_driver_sql(REFERENCES).all():
        yield Reference(table, tuple(map(quoted, ours)), parent, tuple(map(quoted, theirs)))


def _ends(source: Connection, table: _Table) -> list[tuple[Any, ...]]:
    """The first and the last rows of a table, each once, their values as text."""
    # Under names of their own: ORDER BY is to mean the column, not its text.
    named = enumerate(table.rows.columns)
    columns = tuple(f"CAST({name} AS text) AS v{number}" for number, name in named)
    as_text = Rows(table.rows.table, columns, table.rows.key)
    both = " UNION ".join(f"({select})" for select in ends_of(as_text, table.source))
    return [tuple(row) for row in source.exec_driver_sql(_plain(both))]


def _insert(copy: Connection, table: _Table, rows: list[tuple[Any, ...]]) -> int:
    """Write rows of text into a table; return how many."""
    values = ", ".join(f"CAST(%s AS {_plain(kind)})" for kind in table.types)
    into = f"{table.rows.table} ({', '.join(table.rows.columns)})"
    sql = f"INSERT INTO {_plain(into)} OVERRIDING SYSTEM VALUE VALUES ({values})"  # noqa: S608 - quoted
    for first in range(0, len(rows), AT_ONCE):
        copy.exec_driver_sql(sql, rows[first : first + AT_ONCE])
    return len(rows)


def _add_parents(source: Connection, copy: Connection, parent: _Table, reference: Reference) -> int:
    """Add the rows that a sample points to and does not hold; return how many."""
    pairs = list(zip(reference.columns, reference.parent_columns, strict=True))
    ours = ", ".join(f"CAST(c.{column} AS text)" for column, _ in pairs)
    there = " AND ".join(f"q.{theirs} = c.{column}" for column, theirs in pairs)
    is_set = " AND ".join(f"c.{column} IS NOT NULL" for column, _ in pairs)
    missing = copy.exec_driver_sql(
        _plain(
            f"SELECT DISTINCT {ours} FROM {reference.table} c WHERE {is_set} "  # noqa: S608 - quoted
            f"AND NOT EXISTS (SELECT 1 FROM {reference.parent} q WHERE {there})"
        )
    ).all()
    if not missing:
        return 0
    types = dict(zip(parent.rows.columns, parent.types, strict=True))
    unnested = ", ".join("CAST(%s AS text[])" for _ in pairs)
    names = ", ".join(f"k{number}" for number in range(len(pairs)))
    same = " AND ".join(
        f"p.{theirs} = CAST(m.k{number} AS {types[theirs]})"
        for number, (_, theirs) in enumerate(pairs)
    )
    columns = ", ".join(f"CAST(p.{column} AS text)" for column in parent.rows.columns)
    sql = (
        f"SELECT {_plain(columns)} FROM unnest({unnested}) AS m ({names}) "  # noqa: S608 - quoted
        f"JOIN {_plain(reference.parent)} p ON {_plain(same)}"
    )
    wanted = tuple(list(values) for values in zip(*missing, strict=True))
    found = [tuple(row) for row in source.exec_driver_sql(sql, wanted)]
    return _insert(copy, parent, found)


def _plain(sql: str) -> str:
    """SQL in which the driver sees no parameter."""
    return sql.replace("%", "%%")
