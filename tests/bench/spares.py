"""spares: migration processes that wait with everything imported, so that a round costs a migration
and not the start of an interpreter.

A spare is a process of its own, a child of the worker, and from taking its job on it does exactly
what `console.schema.child` does. It is forked while the worker has one thread only.
"""

from __future__ import annotations

import inspect
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from console.schema import child
from tests.bench.forks import fork

WHOLE_SHARE = 0.1  # of the rounds start the interpreter as well
PIPES = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
STARTED = inspect.signature(subprocess.Popen._execute_child)  # type: ignore[attr-defined]


class Spares:
    """So many spares of this process. `working` are those that have taken a job."""

    def __init__(self, number: int) -> None:
        self.waiting = [_spare() for _ in range(number)]
        self.working: list[int] = []

    def add(self) -> None:
        """One more; only while this process has one thread."""
        if not self.waiting:
            self.waiting.append(_spare())

    def install(self) -> None:
        """From here on a migration of this process gets a spare while there is one."""
        spares = self

        class Popen(subprocess.Popen):  # type: ignore[type-arg]
            def _execute_child(self, *given: Any) -> None:
                its = STARTED.bind(self, *given).arguments
                if "console.schema.child" not in its["args"] or not spares.waiting:
                    super()._execute_child(*given)  # type: ignore[misc]
                    return
                pid, line = spares.waiting.pop(0)
                with line:
                    pipes = [its["p2cread"], its["c2pwrite"], *its["pass_fds"]]
                    socket.send_fds(line, [str(its["cwd"] or Path.cwd()).encode()], pipes)
                self.pid, self._child_created = pid, True
                self._close_pipe_fds(*(its[name] for name in PIPES))  # type: ignore[attr-defined]
                spares.working.append(pid)

        subprocess.Popen = Popen  # type: ignore[misc]


def _spare() -> tuple[int, socket.socket]:
    """Fork a spare: its process, and the line on which it gets what it would have been started with."""
    ours, its = socket.socketpair()

    def wait_for_work() -> None:
        ours.close()
        told, descriptors, _, _ = socket.recv_fds(its, 4096, 8)
        if not told:
            return  # nobody needed it
        given, taken, answers = descriptors
        os.setsid()
        os.chdir(told.decode())
        os.dup2(given, 0)
        os.dup2(taken, 1)
        os.dup2(taken, 2)
        for descriptor in (given, taken):
            os.close(descriptor)
        sys.stdin, sys.argv = open(0), ["child", str(answers)]  # noqa: SIM115
        child.main()

    pid = fork(wait_for_work)
    its.close()
    return pid, ours
