"""drafting: autogenerate inside the child, through the application's own env.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic.autogenerate.api import RevisionContext
from alembic.config import Config
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from console.schema.environment import Environment
from console.schema.errors import HistoryError
from console.schema.job import Drafted, Job
from console.schema.wording import suspicions, words

BEHIND = (
    "The database is behind the revision files, so the models cannot be compared with it. "
    "Apply the pending revisions first."
)
NO_TEMPLATE = (
    "{path} is missing, from which Alembic makes revision files. Nothing was written. Bring it back from "
    "version control, or take the one that `flask db init` or `alembic init` makes elsewhere."
)


def draft(job: Job, environment: Environment, config: Config) -> Drafted:
    """Compare models and database; for a job "generate" write the revision file too.

    Raises HistoryError where the database is behind the files, the history has several heads, or there
    is no template to write with, and what env.py raises.
    """
    script = ScriptDirectory.from_config(config)
    template = Path(script.dir) / "script.py.mako"
    if job.kind == "generate" and not template.is_file():
        raise HistoryError(NO_TEMPLATE.format(path=template))
    revisions = RevisionContext(config, script, _arguments(job))
    if not job.empty:
        _run(environment, config, script, revisions)
    found = tuple(_operations(revisions))
    drafted = Drafted(
        operations=tuple(line for operation in found for line in words(operation)),
        warnings=suspicions(found),
    )
    if job.kind == "check" or (not found and not job.empty):
        return drafted
    return _written(revisions, drafted)


def _arguments(job: Job) -> dict[str, Any]:
    return {
        "message": job.message or None,
        "autogenerate": not job.empty,
        "sql": False,
        "head": job.head or "head",
        "splice": False,
        "branch_label": None,
        "version_path": None,
        "rev_id": None,
        "depends_on": None,
    }


def _run(
    environment: Environment, config: Config, script: ScriptDirectory, revisions: RevisionContext
) -> None:
    """Run env.py with a function that only looks."""

    def look(heads: tuple[str, ...], context: MigrationContext) -> list[Any]:
        if set(heads) != set(script.get_heads()):
            raise HistoryError(BEHIND)
        revisions.run_autogenerate(heads, context)
        return []

    environment.run(
        config,
        script,
        look,
        command=("revision", "--autogenerate"),
        as_sql=False,
        dont_mutate=True,
        template_args=revisions.template_args,
        revision_context=revisions,
    )


def _operations(revisions: RevisionContext) -> Iterator[ops.MigrateOperation]:
    for generated in revisions.generated_revisions:
        for upgrade in generated.upgrade_ops_list:
            yield from upgrade.ops


def _written(revisions: RevisionContext, drafted: Drafted) -> Drafted:
    try:
        scripts = [script for script in revisions.generate_scripts() if isinstance(script, Script)]
    except CommandError as error:
        raise HistoryError(str(error)) from error
    if not scripts:
        return drafted
    return Drafted(scripts[0].path, scripts[0].revision, drafted.operations, drafted.warnings)
