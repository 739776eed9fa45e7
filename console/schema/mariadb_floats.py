"""mariadb_floats: FLOATs of a copy as they are in its source, since a dump writes six digits of them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.engine import URL, Connection

from console.schema.driver import engine_of
from console.schema.mariadb_count import backquoted

# DISTINCT, so that MariaDB gathers the tables once and not for each column anew.
COLUMNS = """
SELECT c.table_name, c.column_name, t.table_type = 'BASE TABLE', c.data_type = 'float',
       c.column_key = 'PRI', c.extra LIKE '%on update%', c.extra LIKE '%GENERATED%'
FROM information_schema.columns c
JOIN (SELECT DISTINCT table_name, table_type FROM information_schema.tables
      WHERE table_schema = database()) t ON t.table_name = c.table_name
WHERE c.table_schema = database() AND t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
ORDER BY c.table_name, c.ordinal_position
"""
# A server may refuse tables that have no key.
OWN = "console_number bigint AUTO_INCREMENT PRIMARY KEY"
SESSION = (
    # What is read is not locked: the source stays in use.
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'",
)


class Floats:
    """The columns of one table that concern its FLOATs: these, its key, and what sets itself."""

    def __init__(self, table: str) -> None:
        self.table = backquoted(table)
        self.name = table
        self.floats: list[str] = []
        self.key: list[str] = []
        self.touched: list[str] = []
        self.is_plain = True

    @property
    def is_exact(self) -> bool:
        """Whether its rows can be found again, and changed without a trace."""
        return self.is_plain and bool(self.key) and not set(self.key) & set(self.floats)


def floats_in(connection: Connection) -> tuple[Floats, ...]:
    """Return the tables of a database that have FLOATs."""
    tables: dict[str, Floats] = {}
    for (
        table,
        column,
        is_plain,
        is_float,
        is_key,
        is_touched,
        is_generated,
    ) in connection.exec_driver_sql(COLUMNS.replace("%", "%%")):
        one, name = tables.setdefault(table, Floats(table)), backquoted(column)
        one.is_plain = bool(is_plain)
        if is_float and not is_generated:
            one.floats.append(name)
        if is_key:
            one.key.append(name)
        if is_touched:
            one.touched.append(name)
    return tuple(table for table in tables.values() if table.floats)


def restore(url: URL, name: str, tables: Collection[Floats]) -> None:
    """Give the FLOATs of the database `name` all digits that they have in that of `url`, where the
    first six are the same: the rows may have changed since they were copied. It has no triggers yet."""
    source = backquoted(url.database or "")
    with engine_of(url.set(database=name)).connect() as connection:
        for statement in SESSION:
            connection.exec_driver_sql(statement)
        for table in tables:
            for column in table.floats if table.is_exact else ():
                for statement in _statements(source, table, column):
                    connection.exec_driver_sql(statement.replace("%", "%%"))
                connection.commit()


def _statements(source: str, table: Floats, column: str) -> tuple[str, ...]:
    """What restores one column."""
    same = " AND ".join(f"c.{name} = s.{name}" for name in table.key)
    key = ", ".join(f"s.{name}" for name in table.key)
    # What would set itself to the time of day keeps its value.
    kept = "".join(f", c.{name} = c.{name}" for name in table.touched)
    return (
        f"CREATE TEMPORARY TABLE console_floats ({OWN}) "  # noqa: S608 - names are quoted
        f"AS SELECT {key}, s.{column} FROM {source}.{table.table} s "
        f"JOIN {table.table} c ON {same} "
        f"WHERE c.{column} <> s.{column} AND concat(c.{column}) = concat(s.{column})",
        f"UPDATE {table.table} c JOIN console_floats s ON {same} SET c.{column} = s.{column}{kept}",  # noqa: S608 - names are quoted
        "DROP TEMPORARY TABLE console_floats",
    )
