"""leftovers: the tables that an interrupted batch operation forgot, and what to do about each."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from console.schema.catalogue import Catalogue
from console.schema.connection import read_only
from console.schema.dialect import Dialect
from console.schema.dialects import dialect_of
from console.schema.driver import NOBODY_WRITES, engine_of, is_read_only, number_of
from console.schema.errors import RunError
from console.schema.guard import Guard
from console.schema.job import LOCK_WAIT_SECONDS
from console.schema.lock import locked
from console.schema.table import Part
from console.schema.target import Target

TEMPORARY = "_alembic_tmp_"
INVALID = "; invalid"  # what the catalogue of PostgreSQL says of such an index
GONE = ("42P01", "1146", "1412")  # what PostgreSQL, MariaDB and MySQL say of a table that went away


@dataclass(frozen=True)
class Leftover:
    """A table that batch mode made. `is_only_copy` where the table that it was to replace is gone:
    then it holds the only copy of the rows."""

    name: str
    table: str
    rows: int
    is_only_copy: bool


def find_leftovers(target: Target) -> tuple[Leftover, ...]:
    """Return the forgotten tables of a target's database, sorted; reads it and changes nothing."""
    with read_only(target) as connection:
        return () if connection is None else _find(connection)


def mend_leftover(
    target: Target, leftover: Leftover, *, lock_wait: float = LOCK_WAIT_SECONDS
) -> None:
    """Drop a forgotten table, or give the only copy its own name back; in one transaction, under the
    lock that a run takes.

    RunError where the database is no longer as it was found or nobody may write to it, TargetLocked where others kept it locked
    for `lock_wait` seconds; then nothing was changed.
    """
    deadline = time.monotonic() + lock_wait
    dialect = dialect_of(target)
    while True:
        try:
            return _mend(target, dialect, leftover, lock_wait)
        except Exception as error:
            if is_read_only(error):
                raise RunError(f"{leftover.name} stays as it is. {NOBODY_WRITES}") from error
            if not dialect.is_locked(error):
                raise
            if not dialect.retries or time.monotonic() > deadline:
                raise locked(target.name, lock_wait) from error
        time.sleep(random.uniform(0.05, 0.25))  # noqa: S311 - jitter


def _mend(target: Target, dialect: Dialect, leftover: Leftover, lock_wait: float) -> None:
    """Try it once."""
    engine = engine_of(target.parsed_url)
    try:
        with engine.begin() as connection:
            raw = connection.connection.dbapi_connection
            dialect.prepare(raw, Guard(), lock_wait)
            dialect.begin(raw, target, lock_wait)
            if leftover not in _find(connection):
                raise RunError(
                    f"{leftover.name} is not what it was: somebody else has changed it meanwhile. "
                    "Nothing was changed here; look again."
                )
            connection.exec_driver_sql(_statement(connection, leftover))
    finally:
        engine.dispose()


def _statement(connection: Connection, leftover: Leftover) -> str:
    """What mends it."""
    quote = connection.dialect.identifier_preparer.quote
    if leftover.is_only_copy:
        sql = f"ALTER TABLE {quote(leftover.name)} RENAME TO {quote(leftover.table)}"
    else:
        sql = f"DROP TABLE {quote(leftover.name)}"
    return sql.replace("%", "%%")


def without_leftovers(catalogue: Catalogue) -> Catalogue:
    """Return a schema without the tables that batch mode forgot, and without the indexes that an
    interrupted concurrent build or removal left invalid."""
    tables = tuple(
        replace(table, parts=tuple(part for part in table.parts if not _is_invalid(part)))
        for table in catalogue.tables
        if not table.name.startswith(TEMPORARY)
    )
    return Catalogue(tables, catalogue.views)


def _is_invalid(part: Part) -> bool:
    return part.kind == "index" and part.definition.endswith(INVALID)


def _find(connection: Connection) -> tuple[Leftover, ...]:
    names = set(inspect(connection).get_table_names())
    found = []
    for name in sorted(name for name in names if name.startswith(TEMPORARY)):
        if (rows := _rows(connection, name)) is not None:
            table = name.removeprefix(TEMPORARY)
            found.append(Leftover(name, table, rows, table not in names))
    return tuple(found)


def _rows(connection: Connection, name: str) -> int | None:
    """How many rows a table has; None where somebody else has dropped it since it was listed."""
    count = f"SELECT count(*) FROM {connection.dialect.identifier_preparer.quote(name)}"  # noqa: S608 - a quoted name of its own
    try:
        with connection.begin_nested():
            return int(connection.exec_driver_sql(count.replace("%", "%%")).scalar_one())
    except DBAPIError as error:
        if number_of(error.orig) in GONE:
            return None
        raise
