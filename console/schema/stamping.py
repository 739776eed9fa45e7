"""stamping: writes the version table and nothing else, inside the child."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from console.schema.catalogue import read_catalogue
from console.schema.environment import Environment
from console.schema.errors import MigrationFailed, PlanChanged
from console.schema.job import Job, Stamp
from console.schema.listing import place


def write_stamp(job: Job, environment: Environment, config: Config) -> None:
    """Make the version table say what the job's stamp says, under the lock and in one transaction.

    Raises PlanChanged where heads or schema are not those that the stamp was decided on,
    MigrationFailed where env.py did not run or commit it, and what env.py raises.
    """
    assert job.stamp is not None
    stamp, guard = job.stamp, environment.guard

    def work(heads: tuple[str, ...], context: MigrationContext) -> list[object]:
        _check(job, stamp, heads, context)
        connection = context.connection
        assert connection is not None
        guard.start()
        say_heads(context, stamp.heads)
        guard.finish()
        if not environment.dialect.is_transactional:
            save(connection)  # env.py's own transaction covers nothing there
            guard.committed = True
        return []

    script = ScriptDirectory.from_config(config)
    command = ("stamp", *(stamp.heads or ("base",)))
    environment.run(config, script, work, command=command, destination_rev=stamp.heads or "base")
    if not guard.committed:
        raise MigrationFailed("env.py ended without committing, so the version table is unchanged.")


def save(connection: Connection) -> None:
    """Commit, and leave a transaction that env.py has begun by itself for it to end."""
    if connection.dialect.name == "postgresql":
        connection.commit()
        return
    raw: Any = connection.connection.dbapi_connection
    raw.commit()


def say_heads(context: MigrationContext, heads: Iterable[str]) -> None:
    """Write the version table, in the transaction at hand."""
    connection = context.connection
    assert connection is not None
    connection.execute(context._version.delete())
    for head in heads:
        connection.execute(context._version.insert().values(version_num=head))


def _check(job: Job, stamp: Stamp, heads: tuple[str, ...], context: MigrationContext) -> None:
    """Raise PlanChanged unless the database still is what the stamp was decided on."""
    changes = []
    if set(heads) != set(stamp.start):
        changes.append(f"the database stands at {place(heads)} now")
    assert context.connection is not None
    catalogue = read_catalogue(context.connection, exclude=job.target.version_tables)
    if catalogue.fingerprint != stamp.fingerprint:
        changes.append("the schema of the database changed")
    if changes:
        raise PlanChanged(tuple(changes))
