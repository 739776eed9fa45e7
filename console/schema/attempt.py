"""attempt: one pass, tried again from its start while others hold what it wants to lock.

Measured on PostgreSQL: a plain ALTER behind a long SELECT stalled every reader for as long as the
SELECT lasted. With a short lock timeout and a growing pause they wait for a fraction of a second,
and the plan finishes no later. Only whole transactions are tried again, each under the timeout.
"""

from __future__ import annotations

import random
import time

from alembic.config import Config
from alembic.script import ScriptDirectory

from console.schema.environment import Environment
from console.schema.execution import Execution
from console.schema.job import Pass
from console.schema.lock import queued
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
    deadline = time.monotonic() + wait
    attempts = 0
    while True:
        execution.begin()
        try:
            environment.run(config, script, execution.work(plan, script))
            return
        except Exception as error:
            attempts += 1
            if not environment.waits_for_lock(error):
                raise
            if time.monotonic() > deadline:
                raise queued(execution.job.target.name, attempts, wait) from error
        pause = min(FIRST_PAUSE * 2**attempts, LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311 - jitter
        text = f"Another session holds a lock; trying again (attempt {attempts + 1})"
        execution.progress(Event("check", text))
        time.sleep(pause)
