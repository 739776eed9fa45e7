"""forkserver: a process with the console's modules loaded, from which those that run migrations are forked.

    python -P boot.py console.schema.forkserver <control socket>

To start an interpreter and load SQLAlchemy and Alembic takes longer than most migrations. Here that is
done once: nothing of a project is ever loaded in this process, only in those that are forked from it.
Each request on the control socket is one process to fork: its length, four descriptors (what it reads,
what it prints to, its answer pipe, a socket for what becomes of it), and a `Request` as JSON. The
socket is told the process's id and, when it has ended, its exit code; the process is reaped when the
other side closes the socket, so that its id means nothing else until then. When the control socket
ends, whoever asked is gone: everything that was forked is killed.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HEADER = struct.Struct("!I")
DESCRIPTORS = 4


@dataclass(frozen=True)
class Request:
    """What a process is to have: its directory and environment, and what is in front and at the end of
    its `sys.path`."""

    directory: str
    environment: dict[str, str]
    paths: tuple[str, ...]
    last_paths: tuple[str, ...]

    def send(self, control: socket.socket, descriptors: tuple[int, ...]) -> None:
        """Ask for the process. OSError where nobody listens."""
        told = json.dumps(asdict(self)).encode()
        socket.send_fds(control, [HEADER.pack(len(told))], descriptors)
        control.sendall(told)


class ForkServer:
    """Forks a process a request. `work` is what each of them does, with its answer pipe."""

    def __init__(self, control: socket.socket, work: Callable[[], object]) -> None:
        self.control, self.work = control, work
        self.children: dict[int, socket.socket] = {}
        self.ended: set[int] = set()
        self.selector = selectors.DefaultSelector()

    def serve(self) -> None:
        """Serve until nobody is there any more."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # the selector hears of it by the pipe
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        self.selector.register(self.control, selectors.EVENT_READ)
        self.selector.register(reading, selectors.EVENT_READ)
        try:
            while True:
                for key, _ in self.selector.select():
                    if key.fileobj is self.control:
                        if not self._fork():
                            return
                    elif key.fileobj == reading:
                        with suppress(BlockingIOError):
                            os.read(reading, 4096)
                        self._tell_ends()
                    else:
                        self._release(key.data)
        finally:
            for pid in [*self.children]:
                self._release(pid)

    def _fork(self) -> bool:
        """Take a request and fork its process; False where there is none to come. Where there is no room
        for one more, whoever asked hears nothing, and the others live on."""
        header, descriptors, _, _ = socket.recv_fds(self.control, HEADER.size, DESCRIPTORS)
        told = _exactly(self.control, HEADER.unpack(header)[0]) if header else b""
        if not told:
            return False
        request = json.loads(told)
        try:
            pid = os.fork() if len(descriptors) == DESCRIPTORS else None
        except OSError:
            pid = None
        if pid is None:
            for descriptor in descriptors:
                os.close(descriptor)
            return True
        if pid == 0:
            _become(request, descriptors, self.work)
        status = socket.socket(fileno=descriptors.pop())
        for descriptor in descriptors:
            os.close(descriptor)
        self.children[pid] = status
        self.selector.register(status, selectors.EVENT_READ, pid)
        with suppress(OSError):  # whoever asked may be gone; then it is released next
            status.sendall(f"{pid}\n".encode())
        return True

    def _tell_ends(self) -> None:
        """Say which processes have ended, without reaping them."""
        for pid in self.children.keys() - self.ended:
            found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found is None:
                continue
            self.ended.add(pid)
            is_exit = found.si_code == os.CLD_EXITED
            with suppress(OSError):
                code = found.si_status if is_exit else -found.si_status
                self.children[pid].sendall(f"{code}\n".encode())

    def _release(self, pid: int) -> None:
        """Nobody asks for a process any more: kill what is left of it and reap it."""
        status = self.children.pop(pid)
        self.selector.unregister(status)
        status.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        if pid not in self.ended:
            with suppress(ProcessLookupError):  # it may not have had a group of its own yet
                os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self.ended.discard(pid)


def _exactly(control: socket.socket, length: int) -> bytes:
    """So many bytes, or none where the other side is gone."""
    found = bytearray()
    while len(found) < length:
        more = control.recv(length - len(found))
        if not more:
            return b""
        found += more
    return bytes(found)


def _become(request: dict[str, Any], descriptors: list[int], work: Callable[[], object]) -> None:
    """Do the work of a forked process, as if an interpreter had been started for it. Never returns."""
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        reading, printing, answers, _ = descriptors
        os.dup2(reading, 0)
        os.dup2(printing, 1)
        os.dup2(printing, 2)
        _close_all_but(answers)
        os.chdir(request["directory"])
        os.environ.clear()
        os.environ.update(request["environment"])
        time.tzset()
        sys.path[:0] = request["paths"]
        sys.path.extend(folder for folder in request["last_paths"] if folder not in sys.path)
        sys.argv[1:] = [str(answers)]
        importlib.invalidate_caches()
        work()
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(1)


def _close_all_but(answers: int) -> None:
    """Close what belongs to the fork server and to its other processes."""
    try:
        opened = [int(path.name) for path in Path("/dev/fd").iterdir()]
    except OSError:
        opened = list(range(256))
    for descriptor in opened:
        if descriptor > 2 and descriptor != answers:
            with suppress(OSError):  # the folder itself was one of them
                os.close(descriptor)


def main() -> None:
    """Load what a migration's process needs, then serve."""
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    child = importlib.import_module("console.schema.child")
    importlib.import_module("sqlalchemy.orm")
    sys.argv[0] = child.__name__
    gc.freeze()  # what is loaded stays shared with the processes that are forked
    ForkServer(control, child.main).serve()
    os._exit(0)
