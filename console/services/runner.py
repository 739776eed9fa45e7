"""runner: the process that executes runs."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from console.schema.progress import Progress, silent
from console.schema.target import Target
from console.services.decisions import Policy
from console.services.runs import Run
from console.store.store import Store


@dataclass(frozen=True)
class RunnerStatus:
    """Whether a runner waits for runs; `seen_at` is its last sign of life, None if there never was."""

    is_alive: bool
    seen_at: datetime | None


def runner_status(store: Store) -> RunnerStatus:
    """Whether a runner was seen within ten seconds."""
    raise NotImplementedError


class Runner:
    """Executes queued runs, one at a time, in child processes."""

    def __init__(
        self,
        store: Store,
        targets: Mapping[str, Target],
        workspace: Path,
        policy: Policy | None = None,
    ) -> None:
        self.store, self.targets, self.workspace = store, targets, workspace
        self.policy = policy or Policy()

    def work(self, stop: threading.Event, once: bool = False) -> int:
        """Recover what dead runners left, then execute runs until `stop` is set; with `once` until
        none is queued. Returns how many runs were executed."""
        raise NotImplementedError


def run_now(
    store: Store,
    targets: Mapping[str, Target],
    run_id: int,
    progress: Progress = silent,
    *,
    workspace: Path,
    policy: Policy | None = None,
) -> Run:
    """Execute one queued run in this process; Conflict where somebody else took it."""
    raise NotImplementedError
