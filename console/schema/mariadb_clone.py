"""mariadb_clone: copies of a MariaDB or MySQL database on its own server, by dump and load.

The dump is one consistent snapshot of InnoDB's tables; the source stays in use. Views, triggers and
routines come after it, and events that do not fire there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from console.schema.cancel import Cancelled, ending
from console.schema.copy import Copied
from console.schema.driver import NOBODY_WRITES, engine_of, is_read_only
from console.schema.errors import RunError, Unsupported
from console.schema.flavour import flavour_of
from console.schema.mariadb_bodies import copy_bodies, views_of
from console.schema.mariadb_count import backquoted
from console.schema.mariadb_events import copy_events
from console.schema.mariadb_floats import floats_in, restore
from console.schema.mariadb_grants import revoke_all
from console.schema.mariadb_programs import Programs, programs_for
from console.schema.mariadb_sample import copy_rows
from console.schema.pipe import pipe
from console.schema.room import OF_SERVER, is_full
from console.schema.sample import Sample
from console.schema.size import size_in_words

SIZE = (
    "SELECT coalesce(sum(data_length + index_length), 0) FROM information_schema.tables "
    "WHERE table_schema = database()"
)
SESSIONS = "SELECT id FROM information_schema.processlist WHERE db = %s"
MOST = 2**63  # of a limit that is none
CUT_OFF = (
    "The server sets sql_select_limit for everybody, which would cut off the rows of a copy. Set it back "
    "(SET GLOBAL sql_select_limit = 18446744073709551615), and set it for those who need it."
)
# Locks would keep the load from the sequences that its columns count by.
FLAGS = (
    *("--single-transaction", "--hex-blob", "--quick", "--no-autocommit", "--no-tablespaces"),
    *("--skip-add-locks", "--skip-triggers"),
)
# As PyMySQL's URLs and both servers' programs call it; with any of them these insist on TLS.
TLS = ("ssl-ca", "ssl-capath", "ssl-cert", "ssl-key", "ssl-cipher")

RIGHTS = "Let the console's user create databases named console_clone_%."


def copy(url: URL, name: str, limit: int, cancelled: Cancelled) -> Copied:
    """Copy the database of `url` to a new one, `name`, a sample of it if it has more than `limit`
    bytes; to drop it, also what is there of one that failed or was cancelled, is up to the caller.

    Raises Unsupported without the programs that it takes, RunError with their words, and RunCancelled.
    """
    with engine_of(url).connect() as connection:
        flavour = flavour_of(connection)
        programs = programs_for(connection)
        if connection.exec_driver_sql("SELECT @@global.sql_select_limit").scalar_one() < MOST:
            raise Unsupported(CUT_OFF)
        for statement in flavour.fresh:
            connection.exec_driver_sql(statement)
        size = int(connection.exec_driver_sql(SIZE).scalar_one())
        floats = floats_in(connection)
        views = views_of(connection)

    sample: Sample | None = None
    how = f"{flavour.name} dump and load of {size_in_words(size)}"
    what = ("--no-data",) if size > limit else ()
    create(url, name)
    _dump_and_load(url, name, programs, (*what, *_without(url, views)), cancelled)
    with ending(cancelled, partial(_end_sessions, url, name)):
        if size > limit:
            sample = copy_rows(url, name).of(size, limit)
            how = f"{flavour.name} copy of {sample.words} out of {size_in_words(size)}"
        elif floats:
            restore(url, name, floats)
            if rounded := [table.name for table in floats if not table.is_exact]:
                how += f"; FLOATs of {', '.join(rounded)} have six digits there"
        copy_events(url, name)
        bodies = copy_bodies(url, name)  # after the rows: no trigger is to fire
    if bodies.left_out:
        how += f"; {', '.join(bodies.left_out)} left out, which cannot be read"
    return Copied(url.set(database=name), how, bodies.is_exact, sample)


def _without(url: URL, views: tuple[str, ...]) -> Iterator[str]:
    """What keeps a dump from views: they are not copied with the tables."""
    return (f"--ignore-table={url.database}.{view}" for view in views)


def create(url: URL, name: str) -> URL:
    """Create an empty database beside that of `url`, with its character set."""
    with engine_of(url).connect() as connection:
        charset, collation = connection.exec_driver_sql(
            "SELECT @@character_set_database, @@collation_database"
        ).one()
        try:
            connection.exec_driver_sql(
                f"CREATE DATABASE {backquoted(name)} CHARACTER SET {charset} COLLATE {collation}"
            )
        except DBAPIError as error:
            denied = NOBODY_WRITES if is_read_only(error) else RIGHTS
            advice = OF_SERVER if is_full(error) else denied
            raise RunError(
                f"A copy needs a database of its own, which could not be made: {error.orig}. {advice}"
            ) from error
    return url.set(database=name)


def drop(url: URL, name: str) -> None:
    """Drop a database if it is there, whoever is connected to it."""
    # A statement whose process is dead goes on, and nothing is dropped before its end.
    _end_sessions(url, name)
    with engine_of(url, isolation_level="AUTOCOMMIT").connect() as connection:
        revoke_all(connection, name)
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {backquoted(name)}")


def _end_sessions(url: URL, name: str) -> None:
    """End whoever is connected to a database."""
    with engine_of(url, isolation_level="AUTOCOMMIT").connect() as connection:
        for session in connection.exec_driver_sql(SESSIONS, (name,)).scalars().all():
            with suppress(DBAPIError):  # gone in the meantime
                connection.exec_driver_sql(f"KILL {int(session)}")


def _dump_and_load(
    url: URL, name: str, programs: Programs, what: tuple[str, ...], cancelled: Cancelled
) -> None:
    """Pipe the one into the other."""
    # A password in the environment is seen by no other user's processes.
    environment = {**os.environ, **({"MYSQL_PWD": url.password} if url.password else {})}
    access = access_to(url)
    dump = [programs.dumper, *access, *FLAGS, *programs.flags, *what, "--", url.database or ""]
    if why := pipe(dump, [programs.client, *access, name], environment, cancelled):
        raise RunError(f"'{url.database}' could not be copied: {why}")


def access_to(url: URL) -> list[str]:
    """Where the programs connect to, as whom, and by which TLS if the URL says so."""
    access = ["--host", url.host or "localhost", "--port", str(url.port or 3306)]
    if isinstance(socket := url.query.get("unix_socket"), str):
        access = ["--socket", socket]
    if url.username:
        access += ["--user", url.username]
    told = {option: url.query.get(option.replace("-", "_")) for option in TLS}
    return [*access, *(f"--{option}={value}" for option, value in told.items() if value)]
