"""rebuild: what a history makes of an empty database."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace

from console.schema.cancel import Cancelled, never
from console.schema.catalogue import Catalogue, read_catalogue
from console.schema.clone import scratch_of
from console.schema.connection import read_only
from console.schema.errors import MigrationFailed, NothingToDo
from console.schema.job import Job, Pass
from console.schema.plan import make_plan
from console.schema.process import error_of, run_job
from console.schema.progress import Event, Progress, silent
from console.schema.snapshot import snapshot_of
from console.schema.target import Target

FAILS = (
    "Revision {revision} cannot run on an empty database: {error}. Mend it, so that the history makes a "
    "database from its beginning."
)


@contextmanager
def rebuilt(
    target: Target,
    heads: Collection[str],
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Iterator[Target]:
    """Yield the target with its URL on a scratch database that its history has brought from nothing
    to `heads`; the scratch is gone at the end, and the target's own database is not touched.

    Raises HistoryError for a head that cannot be planned, MigrationFailed where a revision cannot
    run on empty tables, Unsupported for a database without scratches, and RunCancelled where
    `cancelled` says so.
    """
    with scratch_of(target) as scratch, snapshot_of(scratch) as snapshot:
        for head in sorted(heads):
            progress(Event("clone", f"Rebuilding {target.name} up to {head} on an empty database"))
            _run(replace(snapshot, last_paths=target.last_paths), snapshot, head, cancelled)
        yield scratch


def rebuild(
    target: Target,
    heads: Collection[str],
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Catalogue:
    """Return the schema that the history makes up to `heads`. Raises as `rebuilt` does."""
    with rebuilt(target, heads, progress=progress, cancelled=cancelled) as scratch:
        return schema_of(scratch, cancelled)


def schema_of(target: Target, cancelled: Cancelled = never) -> Catalogue:
    """Return the schema that a target's database has now; an empty one where there is none yet.
    Raises RunCancelled where `cancelled` says so."""
    with read_only(target, cancelled) as connection:
        if connection is None:
            return Catalogue(())
        return read_catalogue(connection, exclude=target.version_tables)


def _run(original: Target, snapshot: Target, head: str, cancelled: Cancelled) -> None:
    """Take the scratch to one head, if the others have not done so."""
    try:
        plan = make_plan(original, head)
    except NothingToDo:
        return
    job = Job("run", snapshot, (Pass(plan.steps, plan.start),))
    answer = run_job(job, progress=silent, cancelled=cancelled)
    if answer.failure:
        error = error_of(answer.failure)
        if isinstance(error, MigrationFailed) and error.revision:
            text = FAILS.format(revision=error.revision, error=str(error).rstrip("."))
            raise MigrationFailed(text, error.revision, error.statement) from error
        raise error
