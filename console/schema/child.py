"""child: the process that runs migration code, started by `boot` with the answer pipe.

One line of JSON comes in on stdin: the job. JSON lines go out on the pipe: events, then the answer.
What migration code prints goes to stdout and stderr, which the parent keeps a tail of. When stdin
ends, the parent is gone and so are we: the database rolls back what was not committed.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from typing import Any

from alembic.script import ScriptDirectory

from console.schema.attempt import run_pass
from console.schema.blame import failure_of
from console.schema.capture import Capture
from console.schema.drafting import draft
from console.schema.environment import MARK, Environment, configuration
from console.schema.errors import MigrationFailed
from console.schema.execution import Execution
from console.schema.guard import SPLIT, Guard
from console.schema.job import Answer, Failure, Job, PassResult
from console.schema.journals import journal_of
from console.schema.mending import mend
from console.schema.models import model
from console.schema.offline import write_out
from console.schema.progress import Event
from console.schema.room import is_full, of_target
from console.schema.sources import Sources
from console.schema.stamping import write_stamp
from console.schema.wire import decode, encode

PR_SET_PDEATHSIG = 1


class Speaker:
    """Writes lines to the parent; a parent that is gone ends us."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        self.pipe = os.fdopen(descriptor, "w", encoding="utf-8")
        self.process = os.getpid()

    def event(self, event: Event) -> None:
        """Progress of this child."""
        self._say({"event": encode(event)})

    def answer(self, answer: Answer) -> None:
        """The last word."""
        self._say({"answer": encode(answer)})

    def _say(self, message: dict[str, Any]) -> None:
        if os.getpid() != self.process:
            return  # a fork that the migration made: nobody waits for its word
        try:
            self.pipe.write(json.dumps(message) + "\n")
            self.pipe.flush()
        except BrokenPipeError:
            os._exit(1)


def main() -> None:
    """Take the job, do it, answer."""
    die_with_parent()
    # Our own modules may be compiled; nothing is to be written beside anybody's revision files.
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    speaker = Speaker(int(sys.argv[1]))
    job = take_job()
    try:
        answer = execute(job, speaker) if job.kind == "run" else sketch(job)
    except BaseException as error:  # migration code may raise anything, SystemExit included
        answer = Answer(failure=failure_of(error, None))
    speaker.answer(answer)
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(0)  # threads that migration code left must not keep us


def execute(job: Job, speaker: Speaker) -> Answer:
    """Run the passes one after the other; stop at the first that fails."""
    guard, capture = Guard(), Capture(speaker.event)
    Sources(job, guard).install()
    environment = Environment(job, guard)
    environment.install()
    journal = journal_of(job, capture)
    if journal:
        journal.install(MARK)
    capture.install()
    execution = Execution(job, environment.dialect, guard, capture, speaker.event, journal)
    done: list[PassResult] = []
    try:
        with configuration(job) as config:
            script = ScriptDirectory.from_config(config)
            for plan in job.passes:
                run_pass(environment, execution, config, script, plan)
                require_commit(guard)
                done.append(execution.result)
                execution.keep()
    except BaseException as error:  # the answer is an answer, whatever migration code raises
        failure = failure_of(error, capture, guard)
        if is_full(error):
            failure = _followed(failure, of_target(job.target))
        if SPLIT not in failure.message and execution.is_split:
            failure = _followed(failure, SPLIT)
        return Answer((*done, execution.partial()), failure=failure)
    return Answer(tuple(done))


def _followed(failure: Failure, sentence: str) -> Failure:
    """A failure with one more sentence."""
    return replace(failure, message=f"{failure.message.rstrip('.')}. {sentence}")


def require_commit(guard: Guard) -> None:
    """Raise MigrationFailed if env.py ended without running or without saving the plan."""
    if guard.state == "idle":
        raise MigrationFailed("env.py ended without calling context.run_migrations().")
    if not guard.committed:
        raise MigrationFailed(
            "env.py ran the plan but never committed it. Wrap context.run_migrations() in "
            "`with context.begin_transaction():`."
        )


def sketch(job: Job) -> Answer:
    """Compare the models with the database, and write a revision file if the job says so; or create
    what they say elsewhere; or stamp the database, or mend it; or write SQL without one."""
    if job.kind == "offline":
        with configuration(job) as config:
            return Answer(written=write_out(job, config))
    environment = Environment(job, Guard(), is_reading=job.kind not in ("stamp", "mend"))
    environment.install()
    with configuration(job) as config:
        if job.kind == "model":
            return Answer(modelled=model(job, environment, config))
        if job.kind == "stamp":
            write_stamp(job, environment, config)
            return Answer()
        if job.kind == "mend":
            return Answer((mend(job, environment, config),))
        return Answer(drafted=draft(job, environment, config))


def take_job() -> Job:
    """Read the job, then watch stdin from a thread; migration code finds an empty stdin."""
    descriptor = os.dup(0)
    os.set_inheritable(descriptor, False)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    stream = os.fdopen(descriptor, "rb")
    line = stream.readline()
    if not line:
        os._exit(1)
    threading.Thread(target=watch, args=(stream,), daemon=True).start()
    return decode(Job, json.loads(line))


def watch(stream: Any) -> None:
    """End this process when the parent does."""
    stream.read()
    os._exit(1)


def die_with_parent() -> None:
    """Ask Linux to kill us with the parent, even inside a long call that holds the interpreter."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


__all__ = ["Failure", "main"]

if __name__ == "__main__":
    main()
