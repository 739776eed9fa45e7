"""A runner that is killed while a migration is half-way, for real."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from console.services.runs import events_after
from console.store.store import Store
from tests.services.conftest import Managed

WORKER = """
import sys, threading
from pathlib import Path
from console.services.runner import Runner
from console.store.store import Store
from tests.histories.script_folder import target_of
target = target_of(Path(sys.argv[2]))
Runner(Store(sys.argv[1]), {"default": target}, Path(sys.argv[3])).work(threading.Event())
"""
SLOW = """\
import time, pathlib
if pathlib.Path({flag!r}).exists():
    op.create_table("half_way", sa.Column("id", sa.Integer))
    time.sleep(60)
op.add_column("products", sa.Column("price", sa.Integer))"""


def slow_down(managed: Managed, flag: Path) -> Path:
    """Make the pending revision stop half-way for as long as the file `flag` exists."""
    body = SLOW.format(flag=str(flag)).replace("\n", "\n    ")
    fast = 'op.add_column("products", sa.Column("price", sa.Integer))'
    managed.pending.write_text(managed.pending.read_text().replace(fast, body))
    return flag


def until(happened: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def kill_a_runner_half_way(store: Store, managed: Managed, workspace: Path, run_id: int) -> None:
    """Start a runner, and kill -9 it in the middle of a run."""
    arguments = [store.url, str(managed.target.script_location), str(workspace)]
    root = Path(__file__).parents[2]
    worker = subprocess.Popen([sys.executable, "-c", WORKER, *arguments], cwd=root)
    try:
        until(lambda: any("half_way" in e.text for e in events_after(store, run_id)))
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
