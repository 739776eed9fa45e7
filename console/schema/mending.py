"""mending: executes statements that a person chose and writes the version table, inside the child."""

from __future__ import annotations

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.schema.blame import one_line
from console.schema.catalogue import read_catalogue
from console.schema.count import KeysByTable, count
from console.schema.difference import changed_things, compare
from console.schema.environment import Environment
from console.schema.errors import DataLost, MigrationFailed, PlanChanged
from console.schema.job import Job, Mend, PassResult
from console.schema.journal import TABLE
from console.schema.ledger import compare as compare_counts
from console.schema.ledger import excess
from console.schema.leftovers import without_leftovers
from console.schema.stamping import say_heads


def mend(job: Job, environment: Environment, config: Config) -> PassResult:
    """Do what the job's `mend` says, under the lock and with a ledger; one transaction where the
    database can.

    Raises PlanChanged where the database is not what it was, DataLost, MigrationFailed where a
    statement fails or they do not lead to the schema that they should, and what env.py raises.
    """
    assert job.mend is not None
    wanted, guard = job.mend, environment.guard
    results: list[PassResult] = []

    def work(heads: tuple[str, ...], context: MigrationContext) -> list[object]:
        connection = context.connection
        assert connection is not None
        exclude = (job.target.version_table,)
        _check(wanted, heads, connection, exclude)
        keys: KeysByTable = {}
        before = count(connection, exclude=exclude, keys=keys)
        violations = environment.dialect.violations(connection)
        guard.start()
        _execute(connection, wanted.statements, environment.dialect.is_transactional)
        ledger = compare_counts(
            before, count(connection, exclude=exclude, earlier=keys, before=before)
        )
        if wanted.expected is not None and (worse := excess(ledger, wanted.expected)):
            raise DataLost(worse)
        if broken := set(environment.dialect.violations(connection)) - set(violations):
            raise MigrationFailed(f"This would leave {'; '.join(sorted(broken))}.")
        after = read_catalogue(connection, exclude=exclude)
        off = changed_things(compare(wanted.end, without_leftovers(after))) - wanted.tolerated
        if off:
            named = ", ".join(f"{kind} {table}.{name}" for table, kind, name in sorted(off))
            raise MigrationFailed(f"This does not lead to the schema that it should: {named}.")
        say_heads(context, wanted.heads)
        if environment.dialect.keeps_journals:
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {TABLE}")
        guard.finish()
        if not environment.dialect.is_transactional:
            connection.commit()
            guard.committed = True
        results.append(PassResult(heads=wanted.heads, ledger=ledger, after=after))
        return []

    environment.run(config, ScriptDirectory.from_config(config), work)
    if not guard.committed:
        raise MigrationFailed("env.py ended without committing, so nothing was changed.")
    return results[0]


def _check(
    wanted: Mend, heads: tuple[str, ...], connection: Connection, exclude: tuple[str, ...]
) -> None:
    """Raise PlanChanged unless the database still is what was looked at."""
    changes = []
    if set(heads) != set(wanted.start):
        changes.append(f"the database stands at {', '.join(heads) or 'base'} now")
    found = read_catalogue(connection, exclude=exclude).fingerprint
    if wanted.fingerprint and found != wanted.fingerprint:
        changes.append("the schema of the database changed")
    if changes:
        raise PlanChanged(tuple(changes))


def _execute(connection: Connection, statements: tuple[str, ...], is_transactional: bool) -> None:
    for number, sql in enumerate(statements):
        try:
            connection.exec_driver_sql(sql)
        except DBAPIError as error:
            stays = (
                f" The {number} statements before it stay."
                if number and not is_transactional
                else ""
            )
            raise MigrationFailed(f"{one_line(error)}{stays}", None, sql) from error
