"""Steps of a set-up: one line each, and a way to run a program that leaves nothing behind.

Standard library only, since it runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path


class StepFailed(Exception):
    """A step cannot be done; `str()` says so in a sentence, `log` is what the program printed last."""

    def __init__(self, message: str, log: Sequence[str] = ()) -> None:
        self.log = tuple(log)
        super().__init__(message)


class Steps:
    """Prints "[2/5] packages ... installed (12.3 s)", on a terminal with what is going on meanwhile."""

    def __init__(self, total: int) -> None:
        self.total, self.number, self.title = total, 0, ""
        self.is_terminal = sys.stderr.isatty()

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """Begin the next step; the block calls what it gets with the words that end the line."""
        self.number += 1
        self.title = f"[{self.number}/{self.total}] {title}"
        self._write(f"{self.title} ... ")
        started, words = time.monotonic(), ["done"]
        try:
            yield lambda text: words.__setitem__(0, text)
        except BaseException:
            self._write("\n")
            raise
        seconds = time.monotonic() - started
        took = f" ({seconds:.1f} s)" if seconds >= 0.5 else ""
        self._write(f"{self._restart()}{words[0]}{took}\n")

    def note(self, text: str) -> None:
        """Show what the step is doing, where that can be wiped again."""
        if self.is_terminal:
            self._write(f"{self._restart()}{text[:60]}")

    def _restart(self) -> str:
        return f"\r\033[K{self.title} ... " if self.is_terminal else ""

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def run(
    command: Sequence[str | Path],
    *,
    failure: str,
    note: Callable[[str], None],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a program without input, handing each line it prints to `note`.

    It has a process group of its own, which is ended with it: an interrupted set-up leaves nothing
    running. StepFailed(`failure`) with its last lines if it does not succeed.
    """
    last: deque[str] = deque(maxlen=15)
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=None if env is None else dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout as output:
        try:
            for line in output:
                if text := line.strip():
                    last.append(text)
                    note(text)
            code = process.wait()
        finally:
            _end(process)
    if code:
        raise StepFailed(failure, last)


def _end(process: subprocess.Popen[str]) -> None:
    for signum in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signum)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=3)
