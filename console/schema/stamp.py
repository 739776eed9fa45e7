"""stamp: say where a database stands, without running anything."""

from __future__ import annotations

from collections.abc import Collection

from console.schema.errors import MigrationFailed
from console.schema.job import LOCK_WAIT_SECONDS, Job, Stamp
from console.schema.listing import place
from console.schema.plan import observe
from console.schema.process import error_of, run_job
from console.schema.progress import silent
from console.schema.target import Target

__all__ = ["Stamp", "stamp"]


def stamp(
    target: Target,
    heads: Collection[str],
    *,
    start: Collection[str],
    fingerprint: str,
    lock_wait: float = LOCK_WAIT_SECONDS,
) -> tuple[str, ...]:
    """Make the version table say `heads`, and return what it says then.

    Done through the target's own env.py, under the lock that a run takes, and only if the table still
    says `start` and the schema still has `fingerprint`. Raises PlanChanged, WrongDatabase,
    TargetLocked, MigrationFailed, Unsupported or ChildDied; then nothing was changed.
    """
    wanted = Stamp(tuple(sorted(heads)), tuple(sorted(start)), fingerprint)
    answer = run_job(Job("stamp", target, lock_wait=lock_wait, stamp=wanted), progress=silent)
    if answer.failure:
        raise error_of(answer.failure)
    found, _ = observe(target)
    if set(found) != set(wanted.heads):
        raise MigrationFailed(f"It was stamped, but stands at {place(found)}.")
    return found
