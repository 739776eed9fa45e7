"""forked: a process that a fork server has begun, as `subprocess` would show it.

One fork server for each interpreter, started when it is first needed, and gone with this process. A
process that is forked from this one has none: it starts its own.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

from console.schema import boot
from console.schema.forkserver import Request

BOOT = str(Path(boot.__file__).resolve())
IS_POSSIBLE = hasattr(os, "fork") and hasattr(socket, "send_fds")
# What an interpreter or a C library looks at when it starts, and never again.
AT_START = ("PYTHON", "LD_", "DYLD_", "LC_", "LANG", "MALLOC_")
# How long it may say nothing where it has an answer at once: then somebody has stopped it.
PATIENCE_SECONDS = 30.0
Key = tuple[str, tuple[tuple[str, str], ...]]


class Forked:
    """A process that was forked for us. Its group is its own, and its id means nothing else before
    `close`, which kills what is left of it."""

    def __init__(self, pid: int, status: socket.socket) -> None:
        self.pid, self.status = pid, status
        self.returncode: int | None = None
        self.is_killed = False

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, less than 0 where a signal ended it. subprocess.TimeoutExpired if it goes on;
        what was killed is taken for ended when the fork server has been silent for long."""
        if self.returncode is None:
            is_last = timeout is None and self.is_killed
            self.status.settimeout(PATIENCE_SECONDS if is_last else timeout)
            try:
                told = _line(self.status)
            except TimeoutError:
                if is_last:
                    self.returncode = -signal.SIGKILL
                    return self.returncode
                raise subprocess.TimeoutExpired("a migration", timeout or 0) from None
            # Without a word the fork server has died, and its processes with it.
            self.returncode = int(told) if told else -signal.SIGKILL
        return self.returncode

    def kill(self) -> None:
        """End it and its group; it alone where it has just begun and has no group of its own yet."""
        self.is_killed = True
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            if self.returncode is None:  # else its id may be another's, where the fork server died
                with suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)
        except PermissionError:
            pass  # on some systems: nothing is left of it but its exit code

    def close(self) -> None:
        """The process is over, for us."""
        self.status.close()


class _Server:
    """The fork server of one interpreter."""

    def __init__(self, interpreter: str, environment: dict[str, str]) -> None:
        self.control, theirs = socket.socketpair()
        self.control.settimeout(PATIENCE_SECONDS)
        with theirs:
            command = [interpreter, "-P", BOOT, "console.schema.forkserver", str(theirs.fileno())]
            try:
                self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,  # a start that fails is made again, and then heard
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                    env=environment,
                )
            except OSError:
                self.control.close()
                raise

    def close(self) -> None:
        """End it, and with it all that it has forked."""
        self.control.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it where it does not listen; what it has forked dies with it."""
        self.process.kill()
        self.process.wait()

    def forget(self) -> None:
        """It is another process's: end nothing, and hold nothing of it."""
        self.control.close()
        self.process.returncode = 0


_servers: dict[Key, _Server] = {}
_asking = threading.Lock()


def begin(
    interpreter: str, environment: dict[str, str], request: Request, descriptors: tuple[int, ...]
) -> Forked | None:
    """Have a process forked by the server of that interpreter, which starts with `environment`; None
    where there can be none. `descriptors` are what it reads, what it prints to, and its answer pipe."""
    if not IS_POSSIBLE:
        return None
    key = (interpreter, tuple(sorted(i for i in environment.items() if i[0].startswith(AT_START))))
    ours, theirs = socket.socketpair()
    ours.settimeout(PATIENCE_SECONDS)
    server: _Server | None = None
    try:
        with theirs:
            server = _ask(key, environment, request, (*descriptors, theirs.fileno()))
        told = _line(ours)
    except OSError as error:
        told = ""
        if server is not None and isinstance(error, TimeoutError):
            server.kill()  # the next one to ask gets another
    if not told:
        ours.close()
        return None
    return Forked(int(told), ours)


def _ask(
    key: Key, environment: dict[str, str], request: Request, descriptors: tuple[int, ...]
) -> _Server:
    """Send a request to a server that lives, a new one if need be, and return it."""
    with _asking:
        server = _servers.get(key)
        if server is not None and server.process.poll() is not None:
            _servers.pop(key).close()
            server = None
        if server is None:
            server = _servers[key] = _Server(key[0], environment)
        try:
            request.send(server.control, descriptors)
        except TimeoutError:
            server.kill()
            raise
        return server


def _line(status: socket.socket) -> str:
    """One line; "" where the other side is gone."""
    found = b""
    while not found.endswith(b"\n"):
        try:
            more = status.recv(1)
        except ConnectionError:
            more = b""
        if not more:
            return ""
        found += more
    return found.decode().strip()


@atexit.register
def _close() -> None:
    with _asking:
        while _servers:
            _servers.popitem()[1].close()


def _forget() -> None:
    global _asking
    _asking = threading.Lock()  # another thread may have held it at that moment
    while _servers:
        _servers.popitem()[1].forget()


if IS_POSSIBLE:
    os.register_at_fork(after_in_child=_forget)
