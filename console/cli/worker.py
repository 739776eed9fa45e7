"""worker: the process that rehearses and applies, and how `runserver` keeps one beside it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from console.cli.context import pass_console
from console.cli.output import say, warn
from console.services.runner import Runner
from console.store.upgrade import upgrade_store

if TYPE_CHECKING:
    from console.mount import Console

PATIENCE = 10.0  # seconds that a worker gets to end by itself; after that it is killed


@click.command()
@click.option("--once", is_flag=True, help="Carry out what waits, then end.")
@click.option("--parent", type=int, hidden=True, help="End when this process is gone.")
@pass_console
def worker(console: Console, once: bool, parent: int | None) -> None:
    """Carry out rehearsals and runs.

    It works until it is told to stop by Ctrl-C or SIGTERM.
    """
    logging.basicConfig(level=logging.INFO, format="worker: %(message)s")
    upgrade_store(console.store)
    stop = threading.Event()
    _stop_on_signals(stop)
    if parent is not None:
        threading.Thread(target=_watch, args=(parent, stop), daemon=True).start()
    else:
        say("The worker is running. Ctrl-C stops it.")
    runner = Runner(console.store, console.targets, console.settings.workspace, console.policy)
    runner.work(stop, once=once)


def _stop_on_signals(stop: threading.Event) -> None:
    """Set `stop` from a thread: a handler runs in the middle of whatever the main thread does, and would
    wait for ever where that, or another handler, is setting it or waiting for it."""
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told)
    for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(signum, lambda *_: None)
    threading.Thread(target=_listen, args=(heard, stop), daemon=True).start()


def _listen(heard: int, stop: threading.Event) -> None:
    is_again = False  # of two signals sent one after the other the second may arrive first
    while received := os.read(heard, 1):
        stop.set()
        if received[0] == signal.SIGINT and is_again:
            os._exit(1)  # Ctrl-C again: leave at once; a run is atomic, and recovered later
        is_again = is_again or received[0] == signal.SIGINT


def _watch(parent: int, stop: threading.Event) -> None:
    """Stop when the server that this worker belongs to is gone, even by SIGKILL."""
    while os.getppid() == parent and not stop.wait(1.0):
        pass
    stop.set()


@contextmanager
def worker_beside() -> Iterator[None]:
    """Keep a worker running as a child process during the block, and end it afterwards."""
    leaving = threading.Event()
    keeper = _Keeper(leaving)
    keeper.start()
    try:
        yield
    finally:
        leaving.set()
        keeper.end()


class _Keeper(threading.Thread):
    """Starts the worker, and starts it again, less and less eagerly, if it ends by itself."""

    def __init__(self, leaving: threading.Event) -> None:
        super().__init__(daemon=True)
        self.leaving = leaving
        self.process = self._launch()

    def _launch(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, sys.argv[0], "worker", "--parent", str(os.getpid())]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - this very script

    def run(self) -> None:
        """Wait for the worker; an end that nobody asked for is said, and made good."""
        pause = 1.0
        while True:
            code = self.process.wait()
            if self.leaving.wait(pause):
                return
            warn(f"The worker ended with status {code}; starting it again.")
            pause = min(pause * 2, 60.0)
            self.process = self._launch()

    def end(self) -> None:
        """Ask the worker to stop, and insist after a while; a second Ctrl-C insists at once."""
        self.process.terminate()
        try:
            try:
                self.process.wait(1)
            except subprocess.TimeoutExpired:
                say(
                    f"The worker finishes what it has begun, for {PATIENCE:.0f} seconds at most. "
                    "Ctrl-C again ends it at once; a run is never left half done."
                )
                self.process.wait(PATIENCE)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            self.process.kill()
            self.process.wait()
