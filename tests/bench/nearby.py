"""nearby: a fork server that is forked from a worker, so that a round costs a migration and not the start
of an interpreter.

From its first request on it is what `console.schema.forkserver` is. It is forked while the worker has
one thread only.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress

from console.schema import child, forked
from console.schema.forkserver import ForkServer
from tests.bench.forks import fork, has_ended

WHOLE_SHARE = 0.1  # of the rounds start the interpreter as well


class Nearby:
    """The fork server of this worker, as `forked` keeps it."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair()

        def serve() -> None:
            self.control.close()
            ForkServer(theirs, child.main).serve()

        self.process, self.pid = self, fork(serve)
        theirs.close()

    def install(self) -> None:
        """From here on every migration of this process is forked from it."""
        forked._Server = lambda *_: self  # type: ignore[assignment, misc]

    def poll(self) -> int | None:
        """Not None where it has ended."""
        return 0 if has_ended(self.pid) else None

    def close(self) -> None:
        """End it."""
        self.control.close()
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def forget(self) -> None:
        """It is another process's."""
        self.control.close()
