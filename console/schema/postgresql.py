"""postgresql: a plan is one transaction, under an advisory lock of its own connection.

Measured: polled `pg_try_advisory_lock`, since a blocking wait would hold a snapshot; a short
`lock_timeout` for everything the plan locks, since readers queue up behind a lock that waits; and
`client_connection_check_interval`, with which the server notices within half a second that the
process of a sleeping statement is dead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.schema.dialect import Busy, Keep, Keys, Shape, quoted
from console.schema.driver import ask, ended, engine_of, run
from console.schema.errors import MigrationFailed, Unsupported
from console.schema.guard import SPLITS, Guard
from console.schema.large_objects import LARGE_OBJECTS, count_large_objects
from console.schema.ledger import TableCount
from console.schema.locks import LockWatch
from console.schema.postgresql_catalogue import NAME, OWN
from console.schema.postgresql_count import is_uniform, plain, read_keys, tally_table
from console.schema.postgresql_objects import OBJECTS
from console.schema.postgresql_settings import settings_of
from console.schema.postgresql_shapes import positions_of, shapes_of
from console.schema.server import ServerDialect
from console.schema.setting import Setting
from console.schema.target import Target

# The two numbers of the advisory lock, "CONS" and "OLE1": one a database is enough.
LOCK = "1129270867, 1330398513"
DRIVERS = ("psycopg", "psycopg2", "pg8000", "sqlalchemy.dialects.postgresql")
LOCK_MILLISECONDS = 150  # how long readers may queue up behind us
WAITED = frozenset(["55P03", "40P01", "40001"])  # lock not available, deadlock, serialization
# How a value is written as text: no fewer digits than it has, and the same before and after a plan.
SPELLING = {
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "timezone": "UTC",
}
# Counting lasts as long as the data is large; what a role is allowed is meant for its application.
COUNTING = {**SPELLING, "statement_timeout": "0"}
PATH = "SELECT current_schemas(false), current_setting('search_path')"
RESET = (
    "SELECT set_config('search_path', reset_val, true) FROM pg_settings WHERE name = 'search_path'"
)
LED_AWAY = (
    "env.py sets the search_path to {path}, and the console reads the database without it, so that no "
    "plan fits. Take it out of env.py, and give it in the URL: ?options=-csearch_path={option}."
)
IDENTITY = """
SELECT current_database(), (SELECT oid FROM pg_database WHERE datname = current_database()),
       has_function_privilege('pg_control_system()', 'execute'),
       concat(host(inet_server_addr()), ':', inet_server_port())
"""
SOURCES = f"""
SELECT {NAME}, quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c {OWN}
AND c.relkind IN ('r', 'p')
"""  # noqa: S608 - made of constants
# Nobody writes to a table, or changes what is in it, without one of these locks until the end.
WRITTEN = f"""
SELECT DISTINCT {NAME} FROM pg_locks l
JOIN pg_class c ON c.oid = coalesce(pg_partition_root(l.relation), l.relation) {OWN}
AND l.pid = pg_backend_pid() AND l.locktype = 'relation'
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND l.mode IN ('RowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
UNION SELECT '{LARGE_OBJECTS}' FROM pg_locks l WHERE l.pid = pg_backend_pid()
AND l.relation IN ('pg_largeobject'::regclass, 'pg_largeobject_metadata'::regclass)
AND l.mode = 'RowExclusiveLock'
"""  # noqa: S608 - made of constants


class PostgreSQL(ServerDialect):
    """PostgreSQL 13 and later."""

    name = "postgresql"
    names = ("postgresql",)
    splits = True
    retries = True
    drivers = DRIVERS
    take = f"SELECT pg_try_advisory_lock({LOCK})"
    free = f"SELECT pg_advisory_unlock({LOCK})"
    counted = OBJECTS

    def identify(self, dbapi_connection: Any) -> str:
        name, oid, may_ask, address = ask(dbapi_connection, IDENTITY)
        if may_ask:
            (number,) = ask(dbapi_connection, "SELECT system_identifier FROM pg_control_system()")
            address = f"server {number}"
        return f"PostgreSQL database '{name}' ({oid} on {address})"

    def end(self, target: Target, session: str, seconds: float) -> bool:
        pid, _, began = session.partition(" ")
        # A role that may not see when a session began may not end it either.
        mine = f"pid = {int(pid)} AND extract(epoch FROM backend_start) = {float(began):.6f}"
        alive = f"SELECT count(*) FROM pg_stat_activity WHERE {mine}"  # noqa: S608 - numbers
        return ended(target.parsed_url, alive, f"SELECT pg_terminate_backend({int(pid)})", seconds)

    def prepare(self, dbapi_connection: Any, guard: Guard, lock_wait: float) -> None:
        with suppress(Exception):  # older servers, and systems that cannot tell
            run(dbapi_connection, "SET client_connection_check_interval = '500ms'")
            dbapi_connection.commit()
        dbapi_connection.rollback()
        commit = dbapi_connection.commit

        def guarded() -> None:
            if guard.whole and guard.state == "running" and self.commits(dbapi_connection):
                raise MigrationFailed(SPLITS.format(word="COMMIT"))
            commit()

        with suppress(AttributeError):  # a driver written in C; the transaction's number tells
            dbapi_connection.commit = guarded

    def begin(self, dbapi_connection: Any, target: Target, lock_wait: float) -> None:
        if getattr(dbapi_connection, "autocommit", False) is True:
            if self.commits(dbapi_connection):
                return  # an autocommit block: there is no transaction to set anything for
            raise Unsupported(
                "env.py connects in autocommit mode, in which a plan cannot be one transaction. "
                "Take isolation_level='AUTOCOMMIT' out of it."
            )
        if self.holder is None:
            self.take_lock(dbapi_connection, lock_wait)
        run(dbapi_connection, f"SET LOCAL lock_timeout = '{LOCK_MILLISECONDS}ms'")
        if not self.commits(dbapi_connection):
            # A second connection of this process: what it wrote would be no part of the plan.
            run(dbapi_connection, "SET TRANSACTION READ ONLY")
            return
        run(dbapi_connection, "SET LOCAL row_security = off")  # an error, and not rows unseen
        table = version_table(target)
        literal = table.replace("'", "''")  # a parameter is written otherwise for every driver
        (found,) = ask(dbapi_connection, f"SELECT to_regclass('{literal}') IS NOT NULL")
        if found:
            # Nobody moves the heads from here on; reading them is free.
            run(dbapi_connection, f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")

    def forbid_writing(self, dbapi_connection: Any) -> None:
        run(dbapi_connection, "SET default_transaction_read_only = on")
        dbapi_connection.commit()

    def begin_reading(self, dbapi_connection: Any) -> None:
        run(dbapi_connection, "SET TRANSACTION READ ONLY")

    def is_locked(self, error: BaseException) -> bool:
        if isinstance(error, Busy):
            return True
        error = getattr(error, "orig", None) or error
        code = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
        return code in WAITED

    def shapes(
        self, connection: Connection, exclude: Collection[str], known: Collection[str] = ()
    ) -> tuple[Shape, ...]:
        return shapes_of(connection, exclude, known)

    def leftovers(self, connection: Connection) -> frozenset[str]:
        return frozenset(
            connection.exec_driver_sql(
                "SELECT relname FROM pg_class WHERE relkind = 'r' "
                "AND starts_with(relname, '_alembic_tmp_')"
            ).scalars()
        )

    @contextmanager
    def counting(self, connection: Connection) -> Iterator[None]:
        asked = ", ".join(f"current_setting('{name}')" for name in COUNTING)
        found = connection.exec_driver_sql(f"SELECT {asked}").one()
        _set(connection, COUNTING)
        yield
        # Not where counting failed: the transaction takes the settings back with itself.
        _set(connection, dict(zip(COUNTING, found, strict=True)))

    def tally(
        self, connection: Connection, shape: Shape, *, keep: Keep, earlier: Keys | None
    ) -> tuple[TableCount, Keys | None]:
        table = tally_table(connection, shape, earlier)
        return table, read_keys(connection, shape, table.rows, keep)

    def is_uniform(self, connection: Connection, shape: Shape, column: str) -> bool:
        return is_uniform(connection, shape, column)

    def loose(
        self, connection: Connection, earlier: Mapping[str, Keys]
    ) -> tuple[tuple[TableCount, Keys | None], ...]:
        return (count_large_objects(connection, earlier.get(LARGE_OBJECTS)),)

    def settings(self, connection: Connection) -> tuple[Setting, ...]:
        return settings_of(connection)

    def positions(
        self, connection: Connection, known: Collection[str] = ()
    ) -> tuple[tuple[str, int], ...]:
        return positions_of(connection)

    def watch(self, connection: Connection) -> LockWatch | None:
        return LockWatch(connection.connection.dbapi_connection)

    def hold(self, connection: Connection, tables: Collection[str]) -> None:
        sources = {row[0]: row[1] for row in connection.exec_driver_sql(SOURCES)}
        names = ", ".join(sources[name] for name in sorted(tables) if name in sources)
        if names:
            connection.execute(text(f"LOCK TABLE {plain(names)} IN SHARE ROW EXCLUSIVE MODE"))

    def written(self, connection: Connection) -> frozenset[str] | None:
        return frozenset(connection.exec_driver_sql(WRITTEN).scalars())

    def led_away(self, connection: Connection) -> str:
        theirs, path = connection.exec_driver_sql(PATH).one()
        connection.exec_driver_sql(RESET)
        ours, _ = connection.exec_driver_sql(PATH).one()
        return LED_AWAY.format(path=path, option=quote(path)) if theirs != ours else ""

    def was_saved(self, target: Target, transaction: str) -> bool:
        # One that a crash of the server has taken along is of the future again, and an error to ask for.
        asked = (
            f"SELECT CASE WHEN {int(transaction)} < txid_snapshot_xmax(txid_current_snapshot()) "
            f"THEN txid_status({int(transaction)}) END"
        )
        with suppress(DBAPIError), engine_of(target.parsed_url).connect() as connection:
            # by the driver alone: the guard watches over what goes through SQLAlchemy
            return bool(ask(connection.connection.dbapi_connection, asked)[0] == "committed")
        return False

    def transaction(self, connection: Connection) -> str:
        return str(connection.exec_driver_sql("SELECT txid_current()").scalar())


def _set(connection: Connection, settings: dict[str, str]) -> None:
    """Set what a session is allowed and how it writes values, until the end of the transaction."""
    sets = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    connection.exec_driver_sql(f"SELECT {sets}")


def version_table(target: Target) -> str:
    """The version table as SQL names it."""
    name = quoted(target.version_table)
    schema = target.version_table_schema
    return f"{quoted(schema)}.{name}" if schema else name
