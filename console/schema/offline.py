"""offline: a revision's SQL as Alembic writes it without any database, inside the child."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import Engine

from console.schema.arguments import arguments_of
from console.schema.errors import MigrationFailed, Unsupported
from console.schema.job import Job, Pass
from console.schema.statement import Statement

NO_DATABASE = (
    "It needs a database to say its SQL: env.py or the revision connects to one. Where env.py asks "
    "context.is_offline_mode(), it can do without; else leave out --offline."
)
SEVERAL = (
    "An env.py for several databases writes its SQL into files beside itself. Leave out --offline: "
    "then the SQL is captured on an empty database."
)


def write_out(job: Job, config: Config) -> tuple[Statement, ...]:
    """Return the SQL of the one step of a job, by Alembic's own `--sql` mode: values are unknown, and
    what asks the database fails.

    Raises Unsupported where env.py or the revision connects to a database, MigrationFailed where
    env.py runs no migrations, and what they raise.
    """
    target, (plan,) = job.target, job.passes
    if target.host is not None and target.host.only is not None:
        raise Unsupported(SEVERAL)
    event.listen(Engine, "do_connect", _refuse)
    step = plan.steps[-1]
    start, end = _ends(plan)
    if target.host is None:  # Flask-Migrate has set its own
        verb = "upgrade" if step.direction == "up" else "downgrade"
        config.cmd_opts = arguments_of(
            target, (verb, f"{','.join(start) or 'base'}:{end}", "--sql")
        )
    script = ScriptDirectory.from_config(config)
    written: list[str] = []
    begun: list[MigrationContext] = []

    def work(heads: tuple[str, ...], context: MigrationContext) -> Iterator[RevisionStep]:
        begun.append(context)
        _listen(context, written.append, written.clear)
        revision = script.get_revision(step.revision)
        assert revision is not None
        yield RevisionStep(script.revision_map, revision, step.direction == "up")

    options = {"as_sql": True, "starting_rev": start or "base", "destination_rev": end, "tag": None}
    with EnvironmentContext(config, script, fn=work, **options):
        script.run_env()
    if not begun:
        raise MigrationFailed("env.py ended without calling context.run_migrations().")
    return tuple(Statement(step.revision, sql, 0.0) for sql in written)


def _ends(plan: Pass) -> tuple[tuple[str, ...], str]:
    """Between which revisions the step of a pass stands."""
    step = plan.steps[-1]
    if step.direction == "up":
        return step.parents, step.revision
    return (step.revision,), next(iter(step.parents), "base")


def _listen(
    context: MigrationContext, write: Callable[[str], None], begin: Callable[[], None]
) -> None:
    """Take what Alembic writes, statement by statement, from the first of the revision on: the
    version table, BEGIN and COMMIT are none of its own."""
    impl: Any = context.impl
    impl.emit_begin = impl.emit_commit = lambda: None

    def output(text: str) -> None:
        if text.startswith("-- Running "):
            begin()
        else:
            write(text.strip().removesuffix(impl.command_terminator))

    impl.static_output = output


def _refuse(*_: object) -> None:
    raise Unsupported(NO_DATABASE)
