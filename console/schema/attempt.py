"""attempt: one pass, tried again from its start while others hold what it wants to lock.

Measured on PostgreSQL: a plain ALTER behind a long SELECT stalled every reader for as long as the
SELECT lasted. With a short lock timeout and a growing pause they wait for a fraction of a second,
and the plan finishes no later. Only whole transactions are tried again, each under the timeout: the
plan, or the revision that a plan with a journal has come to.
"""

from __future__ import annotations

import random
import time

from alembic.config import Config
from alembic.script import ScriptDirectory

from console.schema.environment import Environment
from console.schema.errors import OthersWrote
from console.schema.execution import Execution
from console.schema.job import Pass
from console.schema.lock import queued
from console.schema.passage import Passage
from console.schema.progress import Event

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


def run_pass(
    environment: Environment,
    execution: Execution,
    config: Config,
    script: ScriptDirectory,
    plan: Pass,
) -> None:
    """Run one pass, in one or more attempts. Raises what the last of them raised; TargetLocked when
    others held a lock all the time that a job may wait."""
    wait = execution.job.lock_wait
    environment.guard.whole = (
        environment.dialect.is_whole(plan.steps) and not execution.is_journaled
    )
    reached = execution.position
    deadline = time.monotonic() + wait
    attempts = 0
    while True:
        execution.begin()
        try:
            work = Passage(execution, plan, script)
            command = ("upgrade" if is_up(plan) else "downgrade", destination(plan))
            environment.run(config, script, work, command=command, destination_rev=command[1])
            return
        except OthersWrote as error:
            execution.held |= error.tables
            names = ", ".join(sorted(error.tables))
            text = f"Others may have written to {names} meanwhile; trying again while they wait"
            execution.progress(Event("check", text))
            continue
        except Exception as error:
            if not environment.waits_for_lock(error):
                raise
            if execution.position != reached:  # another transaction than the one before
                reached, attempts, deadline = execution.position, 0, time.monotonic() + wait
            attempts += 1
            if time.monotonic() > deadline:
                name, is_begun = execution.job.target.name, execution.is_begun
                raise queued(name, attempts, wait, is_begun=is_begun) from error
        pause = min(FIRST_PAUSE * 2**attempts, LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311 - jitter
        text = f"Another session holds a lock; trying again (attempt {attempts + 1})"
        execution.progress(Event("check", text))
        time.sleep(pause)


def destination(plan: Pass) -> str:
    """Return the revision that a pass leads to, as env.py may ask for it."""
    last = plan.steps[-1]
    return last.revision if is_up(plan) else next(iter(last.parents), "base")


def is_up(plan: Pass) -> bool:
    """Whether a pass applies revisions, and does not undo them."""
    return plan.steps[-1].direction == "up"
