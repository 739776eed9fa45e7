"""mariadb_sample: a sample of the rows of a MariaDB or MySQL database, for a copy of its schema on the
same server."""

from __future__ import annotations

from sqlalchemy.engine import URL, Connection

from console.schema.driver import engine_of
from console.schema.flavour import flavour_of
from console.schema.mariadb_count import backquoted
from console.schema.sample import Reference, Rows, Taken, fill, taken

# DISTINCT, so that MariaDB gathers the tables once and not for each column anew.
COLUMNS = """
SELECT c.table_name, c.column_name, c.column_key = 'PRI', c.extra REGEXP '(STORED|VIRTUAL) GENERATED'
FROM information_schema.columns c
JOIN (SELECT DISTINCT table_name, table_type FROM information_schema.tables
      WHERE table_schema = database()) t ON t.table_name = c.table_name
WHERE c.table_schema = database() AND t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
ORDER BY c.table_name, c.ordinal_position
"""
REFERENCES = """
SELECT table_name, constraint_name, column_name, referenced_table_name, referenced_column_name
FROM information_schema.key_column_usage
WHERE table_schema = database() AND referenced_table_schema = table_schema
ORDER BY table_name, constraint_name, ordinal_position
"""
ESTIMATES = "SELECT table_name, table_rows FROM information_schema.tables WHERE table_schema = %s"
SESSION = (
    # What is read is not locked: the source stays in use.
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
    "SET SESSION foreign_key_checks = 0",
)


def copy_rows(url: URL, name: str) -> Taken:
    """Fill the empty tables of the database `name` with a sample of those of `url`; return what was
    taken."""
    source = backquoted(url.database or "")
    with engine_of(url.set(database=name)).connect() as connection:
        for statement in (*SESSION, *flavour_of(connection).fresh):
            connection.exec_driver_sql(statement)
        tables = _tables(connection)
        fill(
            lambda sql: connection.exec_driver_sql(sql.replace("%", "%%")).rowcount,
            tables,
            _references(connection),
            insert="INSERT IGNORE",
            source=source,
        )
        connection.commit()

        def count(sql: str) -> int:
            return int(connection.exec_driver_sql(sql.replace("%", "%%")).scalar_one())

        rows = sum(count(f"SELECT count(*) FROM {table.table}") for table in tables)  # noqa: S608 - quoted
        found = connection.exec_driver_sql(ESTIMATES, (url.database,)).all()
        estimates = {backquoted(table): estimate for table, estimate in found}
        sources = {
            t.table.strip("`"): (f"{source}.{t.table}", estimates.get(t.table)) for t in tables
        }
        return taken(rows, sources, count)


def _tables(connection: Connection) -> list[Rows]:
    """The tables, with the columns that can be written."""
    written: dict[str, list[str]] = {}
    keys: dict[str, list[str]] = {}
    for table, column, is_key, is_generated in connection.exec_driver_sql(COLUMNS):
        if not is_generated:
            written.setdefault(table, []).append(backquoted(column))
        if is_key:
            keys.setdefault(table, []).append(backquoted(column))
    return [
        Rows(backquoted(table), tuple(columns), tuple(keys.get(table, ())))
        for table, columns in written.items()
    ]


def _references(connection: Connection) -> list[Reference]:
    """The foreign keys inside the database."""
    found: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for table, constraint, column, parent, theirs in connection.exec_driver_sql(REFERENCES):
        names = (table, constraint, parent)
        found.setdefault(names, []).append((backquoted(column), backquoted(theirs)))
    return [
        Reference(
            backquoted(table),
            tuple(ours for ours, _ in pairs),
            backquoted(parent),
            tuple(theirs for _, theirs in pairs),
        )
        for (table, _, parent), pairs in found.items()
    ]
