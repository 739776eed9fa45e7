"""sqlite: SQLite 3, by the measured recipe.

Kill -9 at random points leaves no half migration: no transaction by the driver, BEGIN IMMEDIATE by
ourselves, foreign keys off before BEGIN since batch mode drops and rebuilds tables and would fire
ON DELETE actions, and `foreign_key_check` before COMMIT.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from console.schema.dialect import Dialect, Keep, Keys, Shape, is_managed, quoted
from console.schema.guard import Guard
from console.schema.ledger import TableCount
from console.schema.setting import Setting
from console.schema.sqlite_count import driver_of, tally_table
from console.schema.target import Target

# What statements may still do when their transaction is gone: read, and roll back.
LOOKS = frozenset(
    [
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_PRAGMA,
        sqlite3.SQLITE_TRANSACTION,
    ]
)


# What everything that changes a database comes down to: rows, those of its sqlite_master included.
CHANGES = frozenset([sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE])
SEQUENCE = "sqlite_sequence"  # the highest number that each AUTOINCREMENT has given
INSIDE = ("main", "temp", None)


class SQLite(Dialect):
    """SQLite 3, by the measured recipe."""

    name = "sqlite"
    names = ("sqlite",)
    is_shared = False

    def __init__(self) -> None:
        self.holder: Any = None  # the connection that began the plan's transaction

    def speaks(self, dbapi_connection: Any) -> bool:
        # Asynchronous drivers come wrapped by SQLAlchemy and have the attribute too.
        return hasattr(dbapi_connection, "isolation_level") and "sqlite" in str(
            type(dbapi_connection)
        )

    def identify(self, dbapi_connection: Any) -> str:
        cursor = dbapi_connection.cursor()
        try:
            cursor.execute("PRAGMA database_list")
            file = next((row[2] for row in cursor.fetchall() if row[1] == "main"), "")
        finally:
            cursor.close()
        return f"sqlite:{Path(file).resolve()}" if file else "sqlite::memory:"

    def reach(self, target: Target) -> str:
        return target.identity

    def prepare(self, dbapi_connection: Any, guard: Guard, lock_wait: float) -> None:
        dbapi_connection.isolation_level = None
        self._execute(dbapi_connection, f"PRAGMA busy_timeout = {int(lock_wait * 1000)}")

        def authorize(
            action: int, word: str | None, _: str | None, database: str | None, __: str | None
        ) -> int:
            if guard.confined and action in CHANGES and database not in INSIDE:
                guard.outside = f"the attached database '{database}'"
                return sqlite3.SQLITE_DENY
            if action == sqlite3.SQLITE_TRANSACTION and word and not guard.allows(word):
                return sqlite3.SQLITE_DENY
            if self.lost_transaction(dbapi_connection, guard) and action not in LOOKS:
                return sqlite3.SQLITE_DENY
            return sqlite3.SQLITE_OK

        # SQLite asks the authorizer while it compiles a statement: not even a raw cursor or
        # executescript() can commit half of a plan.
        if hasattr(dbapi_connection, "set_authorizer"):
            dbapi_connection.set_authorizer(authorize)
        elif hasattr(driver_of(dbapi_connection), "set_authorizer"):
            dbapi_connection.run_async(lambda driver: driver.set_authorizer(authorize))

    def lost_transaction(self, dbapi_connection: Any, guard: Guard) -> bool:
        if self.holder is not dbapi_connection or guard.state != "running":
            return False
        guard.rolled_back |= not getattr(driver_of(dbapi_connection), "in_transaction", True)
        return guard.rolled_back

    def begin(self, dbapi_connection: Any, target: Target, lock_wait: float) -> None:
        # Inside a transaction this PRAGMA would do nothing, without a word.
        self._execute(dbapi_connection, "PRAGMA foreign_keys = OFF")
        self._execute(dbapi_connection, "BEGIN IMMEDIATE")
        self.holder = dbapi_connection

    def forbid_writing(self, dbapi_connection: Any) -> None:
        self._execute(dbapi_connection, "PRAGMA query_only = ON")

    def begin_reading(self, dbapi_connection: Any) -> None:
        self._execute(dbapi_connection, "PRAGMA query_only = ON")
        self._execute(dbapi_connection, "BEGIN")

    def is_locked(self, error: BaseException) -> bool:
        error = getattr(error, "orig", None) or error
        return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF in (
            sqlite3.SQLITE_BUSY,
            sqlite3.SQLITE_LOCKED,
        )

    def violations(self, connection: Connection) -> dict[str, int]:
        found: dict[str, int] = {}
        for table, _, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
            words = f"rows of {table} that point to no row of {parent}"
            found[words] = found.get(words, 0) + 1
        return found

    def shapes(
        self, connection: Connection, exclude: Collection[str], known: Collection[str] = ()
    ) -> tuple[Shape, ...]:
        names = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).scalars()
        return tuple(
            self._shape(connection, name) for name in names.all() if is_managed(name, exclude)
        )

    def _shape(self, connection: Connection, name: str) -> Shape:
        info = connection.exec_driver_sql(f"PRAGMA table_xinfo({quoted(name)})").all()
        visible = [row for row in info if row[6] != 1]  # 1: hidden column of a virtual table
        key = sorted((row[5], row[1]) for row in visible if row[5])
        columns, named = tuple(row[1] for row in visible), tuple(column for _, column in key)
        optional = [row[1] for row in visible if row[5] and not row[3]]
        is_number = len(key) == 1 and any(row[5] and row[2].upper() == "INTEGER" for row in visible)
        if optional and not is_number and self._shares_null(connection, name, optional):
            return Shape(name, columns, ())
        return Shape(name, columns, named)

    def _shares_null(self, connection: Connection, table: str, key: list[str]) -> bool:
        """Whether several rows have NULL in their key, which SQLite allows: it does not tell them apart."""
        unset = " OR ".join(f"{quoted(name)} IS NULL" for name in key)
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {quoted(table)} WHERE {unset} LIMIT 2)"  # noqa: S608 - quoted
        return bool(connection.exec_driver_sql(sql.replace("%", "%%")).scalar() == 2)

    def objects(
        self, connection: Connection, exclude: Collection[str]
    ) -> tuple[tuple[str, str], ...]:
        rows = connection.exec_driver_sql(
            "SELECT type, name, tbl_name FROM sqlite_master "
            "WHERE type <> 'table' AND sql IS NOT NULL ORDER BY type, name"
        )
        return tuple((row[0], row[1]) for row in rows if is_managed(row[2], exclude))

    def settings(self, connection: Connection) -> tuple[Setting, ...]:
        numbers = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("application_id", "user_version")
        }
        return tuple(Setting("database", "", f"{name} {n}") for name, n in numbers.items() if n)

    def positions(
        self, connection: Connection, known: Collection[str] = ()
    ) -> tuple[tuple[str, int], ...]:
        ask = connection.exec_driver_sql
        tables = set(ask("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
        counted: dict[str, int] = {}
        if SEQUENCE in tables:
            rows = ask(f"SELECT name, seq + 1 FROM {SEQUENCE}")  # noqa: S608 - a constant
            counted = {name: int(number) for name, number in rows if name in tables}
        for name in tables.intersection(known).difference(counted):
            # A table that does not count any more gives the number after the highest that is there.
            last = f"SELECT coalesce(max(rowid), 0) + 1 FROM {quoted(name)}"  # noqa: S608 - quoted
            with suppress(OperationalError):  # it has no numbers at all by now
                counted[name] = int(ask(last.replace("%", "%%")).scalar_one())
        return tuple(sorted(counted.items()))

    def leftovers(self, connection: Connection) -> frozenset[str]:
        return frozenset(
            connection.exec_driver_sql(
                r"SELECT name FROM sqlite_master WHERE name LIKE '\_alembic\_tmp\_%' ESCAPE '\'"
            ).scalars()
        )

    def tally(
        self, connection: Connection, shape: Shape, *, keep: Keep, earlier: Keys | None
    ) -> tuple[TableCount, Keys | None]:
        raw: Any = connection.connection.dbapi_connection
        return tally_table(raw, shape, keep=keep, earlier=earlier)

    def is_uniform(self, connection: Connection, shape: Shape, column: str) -> bool:
        values = (
            f"SELECT DISTINCT {quoted(column)} COLLATE BINARY FROM {quoted(shape.name)} LIMIT 2"  # noqa: S608 - names are quoted
        )
        return len(connection.exec_driver_sql(values).all()) < 2

    def _execute(self, dbapi_connection: Any, sql: str) -> None:
        cursor = dbapi_connection.cursor()
        try:
            cursor.execute(sql)
        finally:
            cursor.close()
