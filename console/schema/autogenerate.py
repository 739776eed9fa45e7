"""autogenerate: what the models have and the database has not, and the revision file for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from console.schema.job import Drafted, Job
from console.schema.process import error_of, run_job
from console.schema.progress import silent
from console.schema.target import Target


@dataclass(frozen=True)
class Generated:
    """A new revision file; `path` and `revision` are None when there was nothing to write.

    `operations` are what it does, in words; `warnings` what a person should look at in it.
    """

    path: Path | None
    revision: str | None
    operations: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def generate(
    target: Target, *, message: str, empty: bool = False, head: str | None = None
) -> Generated:
    """Write a new revision file into the target's version folder, from its models or `empty`.

    Runs env.py in a child process, without changing the database. `head` is the revision to stand
    on where the history has several heads. Nothing is written when the models bring nothing new.
    Raises HistoryError if the database is behind the files, and MigrationFailed, WrongDatabase,
    TargetLocked, ChildDied as a run does.
    """
    drafted = _draft(Job("generate", target, message=message, empty=empty, head=head))
    path = Path(drafted.path) if drafted.path else None
    return Generated(path, drafted.revision, drafted.operations, drafted.warnings)


def check(target: Target) -> tuple[str, ...]:
    """Return, in words, what the models have and the database has not; empty if they agree.

    Raises as `generate` does.
    """
    return _draft(Job("check", target)).operations


def _draft(job: Job) -> Drafted:
    answer = run_job(job, progress=silent)
    if answer.failure:
        raise error_of(answer.failure)
    assert answer.drafted is not None
    return answer.drafted
