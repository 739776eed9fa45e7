"""Processes, as Linux shows them."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path


def children_of(pid: int) -> list[int]:
    """The living child processes of a process."""
    return [child for child, parent in _parents() if parent == pid]


def descendants_of(pid: int) -> list[int]:
    """The living child processes of a process, theirs, and so on."""
    parents = dict(_parents())
    found = [pid]
    for ancestor in found:
        found += [child for child, parent in parents.items() if parent == ancestor]
    return found[1:]


def is_alive(pid: int) -> bool:
    """Whether a process still runs."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (OSError, IndexError):
        return False


def kill_tree(pid: int) -> None:
    """kill -9 for a process and all that it has started."""
    for doomed in (pid, *descendants_of(pid)):
        with suppress(ProcessLookupError):
            os.kill(doomed, signal.SIGKILL)


def kill_migrations(parent: int) -> None:
    """kill -9 for every migration of a process: its fork server has begun them, which another program
    runs or, in a bench, the same."""
    for server in children_of(parent):
        if b"console.schema.forkserver" in _command(server) or _command(server) == _command(parent):
            for pid in children_of(server):
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _parents() -> list[tuple[int, int]]:
    """Every living process with its parent."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                state, parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:2]
                if state != "Z":
                    found.append((int(entry.name), int(parent)))
    return found
