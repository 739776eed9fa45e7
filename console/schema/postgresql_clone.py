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
from console.schema.dialect import literal, quoted
from console.schema.driver import NOBODY_WRITES, engine_of, installed, is_read_only
from console.schema.errors import RunError, Unsupported
from console.schema.pipe import pipe
from console.schema.postgresql_sample import copy_rows
from console.schema.postgresql_settings import copy_grants
from console.schema.room import OF_SERVER, is_full
from console.schema.sample import Sample
from console.schema.size import size_in_words

MAINTENANCE = ("postgres", "template1")
# What libpq reads from the environment, where no other process can see a password.
VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "dbname": "PGDATABASE",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
    "krbsrvname": "PGKRBSRVNAME",
    "requirepeer": "PGREQUIREPEER",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}
# Which columns there are depends on the server.
SPELLING = "SELECT pg_encoding_to_char(encoding), to_jsonb(d) FROM pg_database d WHERE datname = %s"
SETTINGS = """
SELECT setrole <> 0, unnest(setconfig) FROM pg_db_role_setting
WHERE setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = current_user))
AND setdatabase = (SELECT oid FROM pg_database WHERE datname = %s) ORDER BY 1
"""
PROVIDERS = {"i": ("icu", "ICU_LOCALE"), "b": ("builtin", "BUILTIN_LOCALE")}
# A role may have short ones, and this session is idle while programs of their own dump and restore.
UNLIMITED = """
SELECT set_config(name, '0', false) FROM pg_settings
WHERE name IN ('statement_timeout', 'idle_session_timeout')
"""

RIGHTS = "Let the console's role create databases (ALTER ROLE ... CREATEDB)."


def copy(url: URL, name: str, limit: int, cancelled: Cancelled) -> Copied:
    """Copy the database of `url` to a new one, `name`, a sample of it if it has more than `limit`
    bytes; to drop it, also what is there of one that failed or was cancelled, is up to the caller.

    Raises Unsupported without the tools that it takes, RunError with their words, and RunCancelled.
    """
    with _maintenance(url) as connection:
        session = int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
        with ending(cancelled, partial(_end_session, url, session)):
            return _copy(url, name, limit, connection, cancelled)


def _copy(url: URL, name: str, limit: int, connection: Connection, cancelled: Cancelled) -> Copied:
    """The same by a connection beside the source."""
    source = url.database or ""
    size = _number(connection, "SELECT pg_database_size(%s)", source)
    others = _number(connection, "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", source)
    is_small = size <= limit
    is_template = is_small and not others and _copy_as_template(connection, source, name)
    if not is_template:
        _create(connection, source, name)
    # The source may let in only some of those who have rights on what is in it.
    connection.exec_driver_sql(f"REVOKE CONNECT ON DATABASE {quoted(name)} FROM PUBLIC")
    sample = None if is_small else _copy_sample(url, name, size, limit, cancelled)
    if is_small and not is_template:
        _dump_and_restore(url, name, cancelled)
    if not is_template:
        _copy_grants(url, name)
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
        _create(connection, url.database or "", name)
        _copy_settings(connection, url.database or "", name)
    return url.set(database=name)


def drop(url: URL, name: str) -> None:
    """Drop a database if it is there, whoever is connected to it."""
    with _maintenance(url) as connection:
        # Whoever may not write is not asked to where there is nothing to drop.
        if _number(connection, "SELECT count(*) FROM pg_database WHERE datname = %s", name):
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
            connection.exec_driver_sql(UNLIMITED)
            yield connection
            return
    engine_of(url).connect().close()  # raises where it is the server that is away
    raise RunError(
        f"To make a copy, the console must be let in to the database 'postgres' too: {failure.orig}"
    ) from failure


def _create(connection: Connection, source: str, name: str) -> None:
    """An empty database that holds and sorts text as the source does."""
    spelling = _spelling(connection, source).replace("%", "%%")
    try:
        connection.exec_driver_sql(f"CREATE DATABASE {quoted(name)} TEMPLATE template0{spelling}")
    except DBAPIError as error:
        denied = NOBODY_WRITES if is_read_only(error) else RIGHTS
        advice = OF_SERVER if is_full(error) else denied
        raise RunError(
            f"A copy needs a database of its own, which could not be made: {error.orig}. {advice}"
        ) from error


def _spelling(connection: Connection, source: str) -> str:
    """The encoding and the locale of a database, as CREATE DATABASE takes them."""
    found = connection.exec_driver_sql(SPELLING, (source,)).one_or_none()
    if found is None:
        return ""
    encoding, says = found
    words = {"ENCODING": encoding, "LC_COLLATE": says["datcollate"], "LC_CTYPE": says["datctype"]}
    if provider := PROVIDERS.get(says.get("datlocprovider", "c")):
        words["LOCALE_PROVIDER"] = provider[0]
        words[provider[1]] = says.get("datlocale") or says.get("daticulocale")
        words["ICU_RULES"] = says.get("daticurules")
    return "".join(f" {word} {literal(value)}" for word, value in words.items() if value)


def _copy_as_template(connection: Connection, source: str, name: str) -> bool:
    """Try the quick way; False where the server refuses it."""
    template = quoted(source).replace("%", "%%")
    try:
        connection.exec_driver_sql(f"CREATE DATABASE {quoted(name)} TEMPLATE {template}")
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
    # A copy of a subscription would take away the changes that the real one waits for.
    flags = ["--no-owner", "--no-privileges", "--no-subscriptions"]
    dump = ["pg_dump", "--format=custom", "--compress=0", *flags, *what]
    restore = ["pg_restore", f"--dbname={name}", *flags]
    if why := pipe(dump, restore, _environment(url), cancelled):
        raise RunError(f"'{url.database}' could not be copied: {why}")


def _environment(url: URL) -> dict[str, str]:
    """Where the tools connect to, and as whom."""
    _, parts = installed(url).get_dialect()().create_connect_args(installed(url))
    found = {VARIABLES[name]: str(part) for name, part in parts.items() if name in VARIABLES}
    return {**os.environ, **found}


def _copy_grants(url: URL, name: str) -> None:
    """The rights of others, which no dump brings along: it may fail where we may not grant them."""
    with (
        engine_of(url).connect() as source,
        engine_of(url.set(database=name), isolation_level="AUTOCOMMIT").connect() as clone,
    ):
        copy_grants(source, clone)


def _copy_settings(connection: Connection, source: str, name: str) -> None:
    """What ALTER DATABASE ... SET has set is no part of a copy, nor what ALTER ROLE ... IN DATABASE has
    for us."""
    for is_role, setting in connection.exec_driver_sql(SETTINGS, (source,)).all():
        variable, _, value = setting.partition("=")
        is_list = variable in ("search_path", "temp_tablespaces", "session_preload_libraries")
        says = f"SET {variable} TO {value if is_list else literal(value)}"
        database = quoted(name)
        whose = f"ROLE CURRENT_USER IN DATABASE {database}" if is_role else f"DATABASE {database}"
        connection.exec_driver_sql(f"ALTER {whose} {says}".replace("%", "%%"))


def _number(connection: Connection, sql: str, name: str) -> int:
    return int(connection.exec_driver_sql(sql, (name,)).scalar_one())
