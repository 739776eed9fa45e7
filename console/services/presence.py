"""presence: a process that executes runs shows that it lives, and others can tell when it does not."""

from __future__ import annotations

import logging
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from console.services.queue import LEASE, rows_met
from console.store.run import RunRow
from console.store.runner import RunnerRow
from console.store.store import Store
from console.store.times import now

HEARTBEAT_SECONDS = 2.0
log = logging.getLogger(__name__)


class Presence:
    """A row in `console_runner` for as long as the block lasts, with a heartbeat that also renews
    the leases of the runs that this process took. `id` is the row's."""

    id: int

    def __init__(self, store: Store, kind: Literal["worker", "command"]) -> None:
        self.store, self.kind = store, kind
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="console-heartbeat", daemon=True)

    def __enter__(self) -> Presence:
        pid = os.getpid()
        row = RunnerRow(kind=self.kind, host=this_host(), pid=pid, born=birth_of(pid) or "")
        with self.store.begin() as session:
            session.add(row)
            session.flush()
            self.id = row.id
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        with suppress(SQLAlchemyError), self.store.begin() as session:
            session.get_one(RunnerRow, self.id).stopped_at = now()

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_SECONDS):
            try:
                self.show()
            except SQLAlchemyError:  # the store is busy or away: the next beat may get through
                log.warning("The heartbeat of runner %s could not be written.", self.id)

    def show(self) -> None:
        """Write down that this process lives and keeps its runs."""
        moment = now()
        with self.store.begin() as session:
            rows_met(
                session,
                update(RunnerRow).where(RunnerRow.id == self.id).values(seen_at=moment),
            )
            rows_met(
                session,
                update(RunRow)
                .where(RunRow.runner_id == self.id, RunRow.state == "running")
                .values(lease_until=moment + LEASE),
            )


def is_dead(runner: RunnerRow | None, run: RunRow) -> bool:
    """Whether the process that took `run` will certainly not finish it.

    On this machine the process itself tells; elsewhere its lease has to run out.
    """
    if runner is None or runner.stopped_at is not None:
        return True
    if runner.host == this_host():
        born = birth_of(runner.pid)
        return born is None or (runner.born != "" and born != runner.born)
    return run.lease_until is None or run.lease_until < now()


def is_gone(runner: RunnerRow | None) -> bool:
    """As `is_dead`, for work without a lease: elsewhere, who was not seen for that long is gone."""
    seen_until = runner.seen_at + LEASE if runner is not None else None
    return is_dead(runner, RunRow(lease_until=seen_until))


def this_host() -> str:
    """This machine and its space of process ids, which a container has of its own."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))  # noqa: PTH115 - not a path
    return " ".join(parts)[:200]


def birth_of(pid: int) -> str | None:
    """When the process `pid` began, "" where the system does not say, None where there is none."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() or not _answers(pid) else ""
    except OSError:
        return "" if _answers(pid) else None
    # the command stands in brackets and may hold anything; the rest is state, parent, …
    fields = status.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
