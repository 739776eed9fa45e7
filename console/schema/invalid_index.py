"""invalid_index: what an interrupted concurrent build leaves behind on PostgreSQL, and dropping it.

Such an index is kept up to date by every write and used by no query. The index of a partitioned table
is not one of them: it is invalid until every partition has its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.schema.connection import read_only
from console.schema.driver import code_of, engine_of
from console.schema.errors import RunError, TargetLocked
from console.schema.postgresql_catalogue import NAME, OWN
from console.schema.target import Target

LOCK_WAIT_SECONDS = 30.0
LOCK_NOT_AVAILABLE = "55P03"
OTHER = (
    "The index {index} is not what it was: somebody else has dropped or finished it meanwhile. Nothing was "
    "changed here; look again."
)
# A build or a removal by somebody else holds this lock on the table from its first moment to its
# last; an autovacuum, which nobody signs in for, may hold it too.
FIND = f"""
SELECT i.indexrelid, x.relname, {NAME},
       quote_ident(y.nspname) || '.' || quote_ident(x.relname),
       pg_get_indexdef(i.indexrelid), pg_relation_size(i.indexrelid),
       EXISTS (SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
               WHERE l.relation = i.indrelid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND a.usesysid IS NOT NULL AND l.pid <> pg_backend_pid())
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace y ON y.oid = x.relnamespace
JOIN pg_class c ON c.oid = i.indrelid {OWN} AND NOT i.indisvalid AND x.relkind = 'i'
ORDER BY 4
"""  # noqa: S608 - made of constants


@dataclass(frozen=True)
class InvalidIndex:
    """An index that is not valid: `source` is its name as SQL takes it, `definition` the statement
    that would build it. `is_busy` while another session builds or drops an index of that table."""

    oid: int
    name: str
    table: str
    source: str
    definition: str
    size: int
    is_busy: bool

    def __str__(self) -> str:
        return f"{self.name} of {self.table}"


def stays(names: Iterable[object]) -> str:
    """Say that these indexes are there, and what becomes of them."""
    listed = ", ".join(map(str, names))
    return f"The index {listed} was left invalid; a plan that goes on drops it first."


def find_invalid_indexes(target: Target) -> tuple[InvalidIndex, ...]:
    """Return the invalid indexes of a target's database, sorted; none on any other database than
    PostgreSQL. Reads it and changes nothing; SQLAlchemy's errors pass through."""
    if target.parsed_url.get_backend_name() != "postgresql":
        return ()
    with read_only(target) as connection:
        assert connection is not None
        return read_invalid_indexes(connection)


def read_invalid_indexes(connection: Connection) -> tuple[InvalidIndex, ...]:
    """The same by a connection to PostgreSQL."""
    return tuple(InvalidIndex(*row) for row in connection.exec_driver_sql(FIND))


def rows_of_invalid(raw: Any) -> tuple[InvalidIndex, ...]:
    """The same by a driver's connection."""
    cursor = raw.cursor()
    try:
        cursor.execute(FIND)
        return tuple(InvalidIndex(*row) for row in cursor.fetchall())
    finally:
        cursor.close()


def drop_invalid_index(
    target: Target, index: InvalidIndex, *, lock_wait: float = LOCK_WAIT_SECONDS
) -> None:
    """Drop an invalid index while everybody goes on reading and writing its table.

    Raises RunError where it is not what it was found to be or somebody is at it, and TargetLocked
    where transactions that use the table did not end within `lock_wait` seconds: then it stays, and
    can be dropped later.
    """
    engine = engine_of(target.parsed_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            found = {one.oid: one for one in read_invalid_indexes(connection)}.get(index.oid)
            if found is None or found.source != index.source:
                raise RunError(OTHER.format(index=index))
            if found.is_busy:
                raise RunError(
                    f"Another session is building or dropping an index of {index.table}. Nothing "
                    "was changed; wait until it has finished, then look again."
                )
            connection.exec_driver_sql(f"SET lock_timeout = {int(lock_wait * 1000)}")
            connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY {index.source}".replace("%", "%%"))
    except DBAPIError as error:
        if code_of(error.orig) == LOCK_NOT_AVAILABLE:
            raise TargetLocked(
                f"Transactions that use {index.table} did not end within {lock_wait:g} seconds, so the "
                f"index {index} is still there. Wait until they have finished, then try again."
            ) from error
        if index.oid not in {one.oid for one in find_invalid_indexes(target)}:
            raise RunError(OTHER.format(index=index)) from error
        raise RunError(f"The index {index} could not be dropped: {error.orig}") from error
    finally:
        engine.dispose()
