"""forks: processes of our own that begin where this one is, so that none has to import anything."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable

LONGEST = 120.0  # seconds that a process may take before it counts as hanging


def fork(work: Callable[[], object]) -> int:
    """Do `work` in a process of its own; returns its id. It ends with 0, or 1 where work raised."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        if "-v" in sys.argv:
            traceback.print_exc()
    finally:
        os._exit(code)


def wait(pid: int, seconds: float = LONGEST) -> int | None:
    """Wait for a process of `fork`: its exit code, less than 0 where a signal ended it. One that
    hangs is killed: None."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def has_ended(pid: int) -> bool:
    """Whether a process of `fork` has ended; it is still to be waited for."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
