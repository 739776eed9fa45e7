"""mariadb: MariaDB and MySQL, where every CREATE, ALTER or DROP commits by itself.

A plan there cannot be one transaction. It runs under a lock of its own session, statement by
statement, and what it has done is said exactly when it does not reach its end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection

from console.schema.dialect import Busy, Keep, Keys, Shape, is_managed
from console.schema.driver import ALL_ROWS, ask, ended, fetch, run
from console.schema.elsewhere import mentions
from console.schema.errors import MigrationFailed, Unsupported
from console.schema.flavour import flavour_in, flavour_of
from console.schema.guard import OUTSIDE, Guard
from console.schema.ledger import TableCount
from console.schema.mariadb_count import backquoted, is_uniform, plain, read_keys, tally_table
from console.schema.mariadb_settings import settings_of
from console.schema.server import ServerDialect
from console.schema.setting import Setting
from console.schema.target import Target

DRIVERS = ("pymysql", "MySQLdb", "mysql", "mariadb", "sqlalchemy.dialects.mysql")
WAITED = frozenset([1205, 1213])  # lock wait timeout, deadlock
# Of a database whatever its name; names of locks are those of the whole server, 64 signs at most.
LOCK = "concat('console:', left(sha2(database(), 256), 40))"
# Tables and columns are asked for apart: where they are joined, MariaDB gathers one anew for each row of
# the other, which takes twenty times as long.
TABLES = """
SELECT table_name, table_type, auto_increment FROM information_schema.tables
WHERE table_schema = database() AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
"""
COLUMNS = """
SELECT table_name, column_name,
       if(numeric_scale = 0, if(column_type LIKE '%%zerofill%%', 'bit', 'int'),
          if(datetime_precision > 0, 'decimal',
             if(character_set_name IN ('utf8mb4', 'utf8mb3', 'utf8', 'ascii'), 'utf8', data_type)))
FROM information_schema.columns WHERE table_schema = database() ORDER BY table_name, ordinal_position
"""
THINKING_SECONDS = 28_800  # that a step may send nothing at all: what both servers come with
OTHERS = "SELECT schema_name FROM information_schema.schemata WHERE schema_name <> database()"
KEYS = """
SELECT table_name, column_name FROM information_schema.statistics
WHERE table_schema = database() AND index_name = 'PRIMARY' ORDER BY table_name, seq_in_index
"""
SEQUENCES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = database() AND table_type = 'SEQUENCE' ORDER BY table_name
"""
COUNTING = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = database() AND extra LIKE '%%auto_increment%%' ORDER BY table_name
"""
OBJECTS = """
SELECT 'view', table_name, table_name FROM information_schema.views WHERE table_schema = database()
UNION ALL SELECT 'trigger', trigger_name, event_object_table FROM information_schema.triggers
WHERE trigger_schema = database()
UNION ALL SELECT 'index', index_name, table_name FROM information_schema.statistics
WHERE table_schema = database() AND index_name <> 'PRIMARY' AND seq_in_index = 1
UNION ALL SELECT lower(routine_type), routine_name, '' FROM information_schema.routines
WHERE routine_schema = database()
UNION ALL SELECT 'event', event_name, '' FROM information_schema.events
WHERE event_schema = database()
UNION ALL SELECT 'sequence', table_name, table_name FROM information_schema.tables
WHERE table_schema = database() AND table_type = 'SEQUENCE'
ORDER BY 1, 2
"""


# How values are written, and the console's own SQL is read: modes change what %, || and '' mean.
SPELLING = {"time_zone": "+00:00", "sql_mode": ""}


class MariaDB(ServerDialect):
    """MariaDB 10.6 and MySQL 8, and later."""

    name = "mysql"
    names = ("mysql", "mariadb")
    is_transactional = False
    drivers = DRIVERS
    take = f"SELECT GET_LOCK({LOCK}, 0)"
    free = f"SELECT RELEASE_LOCK({LOCK})"
    counted = OBJECTS
    _others: tuple[str, ...] = ()  # the other databases of the server, on a copy

    def identify(self, dbapi_connection: Any) -> str:
        version, name, host, port, folder, number = ask(
            dbapi_connection,
            "SELECT version(), database(), @@hostname, @@port, @@datadir, @@server_id",
        )
        kind = flavour_in(version).name
        return f"{kind} database '{name}' (on {host}:{port}, server {number} in {folder})"

    def end(self, target: Target, session: str, seconds: float) -> bool:
        alive = (
            "SELECT count(*) FROM information_schema.processlist "  # noqa: S608 - a number
            f"WHERE id = {int(session)} AND db = database()"
        )
        return ended(target.parsed_url, alive, f"KILL {int(session)}", seconds)

    def prepare(self, dbapi_connection: Any, guard: Guard, lock_wait: float) -> None:
        patience = f"wait_timeout = cast(greatest(@@wait_timeout, {THINKING_SECONDS}) AS unsigned)"
        waiting = f"lock_wait_timeout = {max(int(lock_wait), 1)}"
        run(dbapi_connection, f"SET SESSION {waiting}, {patience}, {ALL_ROWS}")
        if guard.confined:
            self._others = tuple(name for (name,) in fetch(dbapi_connection, OTHERS))
            self._confine(dbapi_connection, guard)
        dbapi_connection.rollback()

    def _confine(self, dbapi_connection: Any, guard: Guard) -> None:
        """Hold what a cursor of the driver's own sends to the same rule; not every driver can be asked."""
        send = getattr(dbapi_connection, "query", None)
        if send is None:
            return

        def confined(sql: str | bytes, *args: Any, **options: Any) -> Any:
            text = sql if isinstance(sql, str) else sql.decode("utf-8", "replace")
            if name := self.outside(text):
                guard.outside = name
                raise MigrationFailed(OUTSIDE.format(name=name))
            return send(sql, *args, **options)

        with suppress(AttributeError):
            dbapi_connection.query = confined

    def begin(self, dbapi_connection: Any, target: Target, lock_wait: float) -> None:
        said = getattr(dbapi_connection, "get_autocommit", bool)()
        if said and ask(dbapi_connection, "SELECT @@autocommit")[0]:
            raise Unsupported(
                "env.py connects in autocommit mode, in which the journal of a plan could not be "
                "kept. Take isolation_level='AUTOCOMMIT' out of it."
            )
        if self.holder is None:
            self.take_lock(dbapi_connection, lock_wait)
        if not self.commits(dbapi_connection):
            # A second connection of this process: what it wrote would be in no journal.
            self.forbid_writing(dbapi_connection)

    def forbid_writing(self, dbapi_connection: Any) -> None:
        run(dbapi_connection, "SET SESSION TRANSACTION READ ONLY")

    def outside(self, sql: str) -> str:
        return next((mention.name for mention in mentions(sql, self._others)), "")

    def begin_reading(self, dbapi_connection: Any) -> None:
        run(dbapi_connection, "SET SESSION TRANSACTION READ ONLY")

    def is_locked(self, error: BaseException) -> bool:
        if isinstance(error, Busy):
            return True
        error = getattr(error, "orig", None) or error
        return bool(error.args) and error.args[0] in WAITED

    def shapes(
        self, connection: Connection, exclude: Collection[str], known: Collection[str] = ()
    ) -> tuple[Shape, ...]:
        types = {name: kind for name, kind, _ in connection.exec_driver_sql(TABLES)}
        columns: dict[str, list[tuple[str, str]]] = {}
        for table, name, kind in connection.exec_driver_sql(COLUMNS):
            if table in types:
                columns.setdefault(table, []).append((name, kind))
        keys: dict[str, list[str]] = {}
        for table, name in connection.exec_driver_sql(KEYS):
            keys.setdefault(table, []).append(name)
        return tuple(
            Shape(
                table,
                tuple(name for name, _ in found),
                tuple(keys.get(table, ())),
                backquoted(table),
                tuple(kind for _, kind in found),
                is_versioned=types[table] == "SYSTEM VERSIONED",
            )
            for table, found in sorted(columns.items())
            if is_managed(table, exclude)
        )

    def leftovers(self, connection: Connection) -> frozenset[str]:
        return frozenset(
            connection.exec_driver_sql(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = database() "
                "AND left(table_name, 13) = '_alembic_tmp_'"
            ).scalars()
        )

    def settings(self, connection: Connection) -> tuple[Setting, ...]:
        return settings_of(connection)

    def positions(
        self, connection: Connection, known: Collection[str] = ()
    ) -> tuple[tuple[str, int], ...]:
        for statement in flavour_of(connection).fresh:
            connection.exec_driver_sql(statement)
        numbers = {name: number for name, _, number in connection.exec_driver_sql(TABLES)}
        counted = {
            f"{table}.{column}": int(numbers[table])
            for table, column in connection.exec_driver_sql(COUNTING)
            if numbers.get(table) is not None
        }
        names = connection.exec_driver_sql(SEQUENCES).scalars().all()
        asked = "SELECT next_not_cached_value, increment, cycle_option FROM {}"
        found = {
            name: connection.execute(text(plain(asked.format(backquoted(name))))).one()
            for name in names
        }
        given = {name: int(row[0]) for name, row in found.items() if row[1] > 0 and not row[2]}
        return tuple({**counted, **given}.items())

    @contextmanager
    def counting(self, connection: Connection) -> Iterator[None]:
        wanted = {**SPELLING, flavour_of(connection).timeout: 0}
        asked = ", ".join(f"@@session.{name}" for name in wanted)
        found = connection.exec_driver_sql(f"SELECT {asked}").one()
        _set(connection, wanted)
        yield
        _set(connection, dict(zip(wanted, found, strict=True)))

    def tally(
        self, connection: Connection, shape: Shape, *, keep: Keep, earlier: Keys | None
    ) -> tuple[TableCount, Keys | None]:
        table = tally_table(connection, shape, earlier)
        return table, read_keys(connection, shape, table.rows, keep)

    def is_uniform(self, connection: Connection, shape: Shape, column: str) -> bool:
        return is_uniform(connection, shape, column)


def _set(connection: Connection, settings: Mapping[str, Any]) -> None:
    """Set these for the session."""
    names = ", ".join(f"{name} = %s" for name in settings)
    connection.exec_driver_sql(f"SET SESSION {names}", tuple(settings.values()))
