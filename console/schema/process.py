"""process: starts a child for one job, passes its events on, and never leaves it behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from console.schema import errors
from console.schema.cancel import CANCELLED, Cancelled, never, watched
from console.schema.errors import ChildDied, RunCancelled, SchemaError
from console.schema.forked import BOOT, Forked, begin
from console.schema.forkserver import Request
from console.schema.job import Answer, Failure, Job
from console.schema.progress import Event, Progress
from console.schema.spoken import spoken
from console.schema.wire import decode, encode

GONE_SECONDS = 10.0  # that a child gets to end after its last word
OUTPUT_LINES = 40
OUTPUT_WIDTH = 500
FOREIGN = (
    "The migration wrote into the pipe through which its process answers the console, so that the "
    "answer cannot be read, and the process was ended. Close no files and write to none that the "
    "migration has not opened."
)
DRAIN = "console-drain"  # the name of the threads that read what migrations print
Process = Forked | subprocess.Popen[bytes]


def run_job(job: Job, *, progress: Progress, cancelled: Cancelled = never) -> Answer:
    """Run a job in a child process of its own and return its answer.

    Events reach `progress` in this thread while the child runs. Whatever `progress` raises ends the
    child, which rolls back; so does `cancelled`, which is asked from another thread. Raises ChildDied
    if the child ended without an answer, and RunCancelled if that was why.
    """
    if cancelled():
        raise RunCancelled(CANCELLED)
    reading, writing = os.pipe()
    pipe = os.fdopen(reading, encoding="utf-8", errors="replace")
    with pipe as answers, _started(job, writing) as started:
        process, output = started
        with watched(cancelled, lambda: _kill(process)) as ended:
            answer = _listen(answers, progress)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=GONE_SECONDS)
    if answer is None:
        if ended.is_set():
            raise RunCancelled(CANCELLED)
        raise ChildDied(_epitaph(process.wait(), output))
    return answer


def error_of(failure: Failure) -> SchemaError:
    """Return the typed error that a child's failure stands for."""
    kind = getattr(errors, failure.error, errors.MigrationFailed)
    if kind is errors.MigrationFailed:
        return errors.MigrationFailed(failure.message, failure.revision, failure.statement)
    if kind is errors.PlanChanged:
        return errors.PlanChanged(failure.details)
    if kind is errors.DataLost:
        return errors.DataLost(failure.details)
    if kind is errors.WrongDatabase:
        return errors.WrongDatabase(failure.details[0], failure.details[1])
    error: SchemaError = kind(failure.message)
    return error


@contextmanager
def _started(job: Job, writing: int) -> Iterator[tuple[Process, deque[str]]]:
    """The child with its job on stdin. Its stdin stays open while we live: the child watches it."""
    given, giving = os.pipe()
    taking, taken = os.pipe()
    try:
        process = _begin(job, given, taken, writing)
    except BaseException:
        os.close(giving)
        os.close(taking)
        raise
    finally:
        for descriptor in (given, taken, writing):
            os.close(descriptor)
    output: deque[str] = deque(maxlen=OUTPUT_LINES)
    printed, stdin = os.fdopen(taking, "rb"), os.fdopen(giving, "wb")
    drain = threading.Thread(target=_drain, args=(printed, output), daemon=True, name=DRAIN)
    drain.start()
    try:
        with suppress(BrokenPipeError):
            stdin.write(json.dumps(encode(job)).encode() + b"\n")
            stdin.flush()
        yield process, output
    finally:
        _end(process)
        drain.join(timeout=1)
        with suppress(BrokenPipeError):
            stdin.close()


def _begin(job: Job, given: int, taken: int, writing: int) -> Process:
    """Begin the child: forked from a process that has our modules, else as a new interpreter. It reads
    `given` and prints to `taken`."""
    target = job.target
    interpreter, environment = str(target.python or sys.executable), _environment(job)
    last = tuple(map(str, target.last_paths))
    inherited = {**environment, "PYTHONPATH": _inherited(job)}
    request = Request(
        str(target.directory or Path.cwd()), environment, tuple(map(str, target.paths)), last
    )
    if forked := begin(interpreter, inherited, request, (given, taken, writing)):
        return forked
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        # -P: what lies in a folder of ours must not be taken for the project's own
        [interpreter, "-P", BOOT, "console.schema.child", str(writing), *last],
        cwd=target.directory,
        stdin=given,
        stdout=taken,
        stderr=subprocess.STDOUT,
        pass_fds=(writing,),
        start_new_session=True,
        env=environment,
    )


def _end(process: Process) -> None:
    """Kill what is left of the child and of what it started, and reap it."""
    _kill(process)
    process.wait()
    if isinstance(process, Forked):
        process.close()


def _kill(process: Process) -> None:
    if isinstance(process, Forked):
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _inherited(job: Job) -> str:
    """The PYTHONPATH that an interpreter gets from us; one that is not ours gets none."""
    return "" if job.target.python else os.environ.get("PYTHONPATH", "")


def _environment(job: Job) -> dict[str, str]:
    """The child's environment, in which what the target's paths hold can be imported."""
    paths = [*map(str, job.target.paths), _inherited(job)]
    named = {job.target.url_variable: job.target.url} if job.target.url_variable else {}
    return {
        **os.environ,
        **named,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "PYTHONHASHSEED": "0",  # checksums of one child compare with those of the next
        "PYTHONIOENCODING": "utf-8:replace",
    }


def _listen(answers: IO[str], progress: Progress) -> Answer | None:
    """Read lines until the child's last word or the end of the pipe."""
    for line in answers:
        if not line.endswith("\n"):
            return None  # killed in the middle of a line
        message = _understood(line)
        if isinstance(message, Answer):
            return message
        progress(message)
    return None


def _understood(line: str) -> Event | Answer:
    """What a whole line of a child says. ChildDied, since the child is ended, where that is nothing
    of ours."""
    try:
        message = json.loads(line)
        if "event" in message:
            return decode(Event, message["event"])
        return decode(Answer, message["answer"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ChildDied(FOREIGN) from error


def _drain(stream: IO[bytes], output: deque[str]) -> None:
    """Keep the last lines that the migration printed; a full pipe would stop it. A process that the
    migration left behind may hold the pipe for long after the run: whoever reads it closes it."""
    with suppress(ValueError, OSError), stream:
        for line in iter(lambda: stream.readline(OUTPUT_WIDTH), b""):
            output.append(spoken(line.decode("utf-8", "replace")).rstrip())


def _epitaph(code: int, output: deque[str]) -> str:
    """Say how the child ended, in a sentence, with the last line that it wrote."""
    if code < 0:
        with suppress(ValueError):
            return (
                f"The process that ran the migration was ended by {signal.Signals(-code).name}. "
                "What it had not saved was rolled back."
            )
    last = next((line for line in reversed(output) if line.strip()), "")
    said = f" Its last words: {last}" if last else ""
    return f"The process that ran the migration ended with code {code} and no result.{said}"
