"""lock: waiting for the right to migrate, and saying so when it is not to be had.

On SQLite the lock is the write lock itself, taken by BEGIN IMMEDIATE before Alembic reads the heads:
it is free the moment its holder dies. On a server it is a lock of the migration's own session, free
when the server has ended that session.
"""

from __future__ import annotations

from console.schema.errors import TargetLocked


def locked(name: str, seconds: float) -> TargetLocked:
    """The refusal when somebody else kept writing to `name` for all of `seconds`."""
    return TargetLocked(
        f"Another process kept '{name}' locked for {seconds:g} seconds, so nothing was started. "
        "Wait until it has finished, or end it, then try again."
    )


def busy_at_commit(name: str, seconds: float) -> TargetLocked:
    """The refusal when readers did not let the commit through; everything was rolled back."""
    return TargetLocked(
        f"Other processes kept reading '{name}' for {seconds:g} seconds, so the run could not be "
        "saved and was rolled back. Close what reads it, then try again."
    )


def queued(name: str, attempts: int, seconds: float, *, is_begun: bool = False) -> TargetLocked:
    """The refusal when other sessions held what the plan has to lock, at every attempt; `is_begun`
    where a part of it had been executed before."""
    return TargetLocked(
        f"Other sessions of '{name}' held locks that the plan needs for {seconds:g} seconds, at "
        f"{attempts} attempt{'' if attempts == 1 else 's'}.{'' if is_begun else ' Nothing was changed.'} "
        "Wait until their transactions have finished, or end them, then try again."
    )
