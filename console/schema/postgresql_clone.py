"""postgresql_clone: copies of a PostgreSQL database on its own server.

By CREATE DATABASE ... TEMPLATE while nobody is connected to the source (the server refuses it
otherwise), else by pg_dump and pg_restore, during which the source stays in use.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError

from console.schema.cancel import Cancelled, ending
from console.schema.copy import Copied
from console.schema.dialect import quoted
from console.schema.driver import engine_of
from console.schema.errors import RunError, Unsupported
from console.schema.pipe import pipe
from console.schema.postgresql_sample import copy_rows
from console.schema.sample import Sample
from console.schema.size import size_in_words

MAINTENANCE = ("postgres", "template1")
# What libpq reads from the environment, where no other process can see a password.
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
}


def copy(url: URL, name: str, limit: int, cancelled: Cancelled) -> Copied:
    """Copy the database of `url` to a new one, `name`, a sample of it if it has more than `limit`
    bytes; a copy that fails or is cancelled is dropped.

    Raises Unsupported without the tools that it takes, RunError with their words, and RunCancelled.
    """
    try:
        with _maintenance(url) as connection:
            session = int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
            with ending(cancelled, partial(_end_session, url, session)):
                return _copy(url, name, limit, connection, cancelled)
    except BaseException:
        drop(url, name)
        raise


def _copy(url: URL, name: str, limit: int, connection: Connection, cancelled: Cancelled) -> Copied:
    """The same by a connection beside the source."""
    source = url.database or ""
    size = _number(connection, "SELECT pg_database_size(%s)", source)
    others = _number(connection, "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", source)
    is_small = size <= limit
    is_template = is_small and not others and _copy_as_template(connection, source, name)
    if not is_template:
        _create(connection, name)
    sample = None if is_small else _copy_sample(url, name, size, limit, cancelled)
    if is_small and not is_template:
        _dump_and_restore(url, name, cancelled)
    _copy_settings(connection, source, name)
    way = "template copy" if is_template else "dump and restore"
    how = f"PostgreSQL {way if sample is None else f'copy of {sample.words} out'} of "
    return Copied(url.set(database=name), how + size_in_words(size), is_template, sample)


def _copy_sample(url: URL, name: str, size: int, limit: int, cancelled: Cancelled) -> Sample:
    """Copy the schema with a sample of the rows; constraints and triggers come after the rows."""
    _dump_and_restore(url, name, cancelled, "--section=pre-data")
    with ending(cancelled, partial(_end_sessions, url, name)):
        found = copy_rows(url, name)
    _dump_and_restore(url, name, cancelled, "--section=post-data")
    return found.of(size, limit)


def create(url: URL, name: str) -> URL:
    """Create an empty database beside that of `url`."""
    with _maintenance(url) as connection:
        _create(connection, name)
        _copy_settings(connection, url.database or "", name)
    return url.set(database=name)


def drop(url: URL, name: str) -> None:
    """Drop a database if it is there, whoever is connected to it."""
    with _maintenance(url) as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")


def _end_session(url: URL, session: int) -> None:
    """End one session of the server: what it has begun is taken back."""
    with suppress(DBAPIError), _maintenance(url) as connection:
        connection.exec_driver_sql("SELECT pg_terminate_backend(%s)", (session,))


def _end_sessions(url: URL, name: str) -> None:
    """End every session of a database."""
    ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with suppress(DBAPIError), _maintenance(url) as connection:
        connection.exec_driver_sql(ends, (name,))


@contextmanager
def _maintenance(url: URL) -> Iterator[Connection]:
    """A connection beside the source, each statement of which commits."""
    for name in MAINTENANCE:
        engine = engine_of(url.set(database=name), isolation_level="AUTOCOMMIT")
        try:
            connection = engine.connect()
        except DBAPIError as error:
            failure = error
            continue
        with connection:
            yield connection
            return
    raise RunError(
        f"To make a copy, the console must be let in to the database 'postgres' too: {failure.orig}"
    ) from failure


def _create(connection: Connection, name: str) -> None:
    try:
        connection.exec_driver_sql(f"CREATE DATABASE {quoted(name)} TEMPLATE template0")
    except DBAPIError as error:
        raise RunError(
            f"A copy needs a database of its own, which could not be made: {error.orig} "
            "Let the console's role create databases (ALTER ROLE ... CREATEDB)."
        ) from error


def _copy_as_template(connection: Connection, source: str, name: str) -> bool:
    """Try the quick way; False where the server refuses it."""
    try:
        connection.exec_driver_sql(f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(source)}")
    except DBAPIError:
        return False
    return True


def _dump_and_restore(url: URL, name: str, cancelled: Cancelled, *what: str) -> None:
    """Pipe the one into the other."""
    for tool in ("pg_dump", "pg_restore"):
        if shutil.which(tool) is None:
            raise Unsupported(
                f"Others are connected to '{url.database}', or it is too large to be copied whole, "
                f"and copying it then takes {tool}. "
                "Install PostgreSQL's client programs, or close the other connections."
            )
    flags = ["--no-owner", "--no-privileges"]
    dump = ["pg_dump", "--format=custom", "--compress=0", *flags, *what]
    restore = ["pg_restore", f"--dbname={name}", *flags]
    if why := pipe(dump, restore, _environment(url), cancelled):
        raise RunError(f"'{url.database}' could not be copied: {why}")


def _environment(url: URL) -> dict[str, str]:
    """Where the tools connect to, and as whom."""
    parts: dict[str, object] = {name: url.query[name] for name in VARIABLES if name in url.query}
    parts |= {name: value for name, value in (("host", url.host), ("port", url.port)) if value}
    found = {VARIABLES[name]: str(value) for name, value in parts.items()}
    known = {"PGUSER": url.username, "PGPASSWORD": url.password, "PGDATABASE": url.database}
    return {**os.environ, **found, **{name: str(v) for name, v in known.items() if v}}


def _copy_settings(connection: Connection, source: str, name: str) -> None:
    """What ALTER DATABASE ... SET has set is no part of a copy."""
    rows = connection.exec_driver_sql(
        "SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setrole = 0 "
        "AND setdatabase = (SELECT oid FROM pg_database WHERE datname = %s)",
        (source,),
    ).scalars()
    for setting in rows.all():
        variable, _, value = setting.partition("=")
        is_list = variable in ("search_path", "temp_tablespaces", "session_preload_libraries")
        literal = value if is_list else "'" + value.replace("'", "''") + "'"
        statement = f"ALTER DATABASE {quoted(name)} SET {variable} TO {literal}"
        connection.exec_driver_sql(statement.replace("%", "%%"))


def _number(connection: Connection, sql: str, name: str) -> int:
    return int(connection.exec_driver_sql(sql, (name,)).scalar_one())
