"""mending: executes statements that a person chose and writes the version table, inside the child."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.schema.alone import IN_TRANSACTION, Alone
from console.schema.blame import one_line
from console.schema.catalogue import read_catalogue
from console.schema.count import KeysByTable, count
from console.schema.difference import changed_things, compare
from console.schema.driver import code_of
from console.schema.environment import Environment
from console.schema.errors import DataLost, MigrationFailed, NotInTransaction, PlanChanged
from console.schema.excess import excess
from console.schema.job import Job, Mend, PassResult
from console.schema.journal import TABLE, VOID
from console.schema.leftovers import without_leftovers
from console.schema.listing import place
from console.schema.stamping import save, say_heads
from console.schema.survival import compare as compare_counts


def mend(job: Job, environment: Environment, config: Config) -> PassResult:
    """Do what the job's `mend` says, under the lock and with a ledger; one transaction where the
    database can and the job says so.

    Raises PlanChanged where the database is not what it was, DataLost, NotInTransaction where one of
    the statements must be outside of any, MigrationFailed where one fails or they do not lead to the
    schema that they should, and what env.py raises.
    """
    assert job.mend is not None
    wanted, guard = job.mend, environment.guard
    guard.whole = environment.dialect.is_transactional and wanted.is_whole
    results: list[PassResult] = []

    def work(heads: tuple[str, ...], context: MigrationContext) -> list[object]:
        connection = context.connection
        assert connection is not None
        exclude = job.target.version_tables
        _check(wanted, heads, connection, exclude)
        keys: KeysByTable = {}
        before = count(connection, exclude=exclude, keys=keys)
        violations = environment.dialect.violations(connection)
        guard.start()
        if guard.whole:
            _execute(connection, wanted.statements)
        else:
            _execute_alone(connection, wanted.statements, job.lock_wait)
        ledger = compare_counts(
            before,
            count(connection, exclude=exclude, earlier=keys, before=before),
            wanted.statements,
        )
        if wanted.expected is not None and (worse := excess(ledger, wanted.expected)):
            raise DataLost(worse if guard.whole else (*worse, "it could not be taken back"))
        if broken := set(environment.dialect.violations(connection)) - set(violations):
            raise MigrationFailed(f"This would leave {'; '.join(sorted(broken))}.")
        after = read_catalogue(connection, exclude=exclude)
        off = changed_things(compare(wanted.end, without_leftovers(after))) - wanted.tolerated
        if off:
            named = ", ".join(f"{kind} {table}.{name}" for table, kind, name in sorted(off))
            raise MigrationFailed(f"This does not lead to the schema that it should: {named}.")
        say_heads(context, wanted.heads)
        if environment.dialect.keeps_journals:
            for table in (TABLE, TABLE + VOID):
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
        guard.finish()
        if not guard.whole:
            save(connection)
            guard.committed = True
        results.append(PassResult(heads=wanted.heads, ledger=ledger, after=after))
        return []

    script = ScriptDirectory.from_config(config)
    command = ("stamp", *(wanted.heads or ("base",)))
    environment.run(config, script, work, command=command, destination_rev=wanted.heads or "base")
    if not guard.committed:
        raise MigrationFailed("env.py ended without committing, so nothing was changed.")
    return results[0]


def _check(
    wanted: Mend, heads: tuple[str, ...], connection: Connection, exclude: tuple[str, ...]
) -> None:
    """Raise PlanChanged unless the database still is what was looked at."""
    changes = []
    if set(heads) != set(wanted.start):
        changes.append(f"the database stands at {place(heads)} now")
    found = read_catalogue(connection, exclude=exclude).fingerprint
    if wanted.fingerprint and found != wanted.fingerprint:
        changes.append("the schema of the database changed")
    if changes:
        raise PlanChanged(tuple(changes))


def _execute(connection: Connection, statements: tuple[str, ...]) -> None:
    """Execute statements in the transaction at hand."""
    for sql in statements:
        try:
            connection.exec_driver_sql(sql)
        except DBAPIError as error:
            if code_of(error.orig) == IN_TRANSACTION:
                raise NotInTransaction(f"{one_line(error)}.") from error
            raise MigrationFailed(one_line(error), None, sql) from error


def _execute_alone(connection: Connection, statements: tuple[str, ...], wait: float) -> None:
    """Execute statements one by one, each of which stays. The journal of what was interrupted tells
    nothing true from the first of them on."""
    before = read_catalogue(connection).fingerprint
    _rename(connection, TABLE, TABLE + VOID)
    for number, sql in enumerate(statements):
        try:
            _send(connection, sql, wait)
        except (DBAPIError, MigrationFailed) as error:
            connection.rollback()
            if not number and read_catalogue(connection).fingerprint == before:
                _rename(connection, TABLE + VOID, TABLE)
            said = str(error) if isinstance(error, MigrationFailed) else one_line(error)
            stays = f" The {number} statements before it stay." if number else ""
            raise MigrationFailed(f"{said}{stays}", None, sql) from error


def _send(connection: Connection, sql: str, wait: float) -> None:
    """Execute a statement and commit."""
    if connection.dialect.name != "postgresql":
        connection.exec_driver_sql(sql)
        return
    connection.commit()
    raw: Any = connection.connection.dbapi_connection
    raw.autocommit = True

    def send() -> None:
        connection.exec_driver_sql(sql)

    try:
        Alone(raw, sql, send, wait).run()
        connection.commit()
    finally:
        with suppress(Exception):  # the connection may be gone
            raw.autocommit = False


def _rename(connection: Connection, table: str, name: str) -> None:
    """Give the journal another name, where there is one; a table that has that name already goes."""
    if inspect(connection).has_table(table):
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")
    save(connection)
