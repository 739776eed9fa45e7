"""A migration commits past every check, and then something dies: nobody is told that nothing was changed."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from console.services.queue import enqueue
from console.services.runner import Runner, run_now
from console.services.runs import Run, events_after, events_before, get_run
from console.store.store import Store
from tests.histories.place import PRODUCTS
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.services.killing import until

ADD = 'op.add_column("products", sa.Column("price", sa.Integer))'
DELETE = 'op.execute("DELETE FROM reviews")'
COMMIT = 'op.get_bind().connection.cursor().execute("COMMIT")'
DIE = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
LOSE = 'op.execute("SELECT pg_terminate_backend(pg_backend_pid())")'
WAIT = "import time, pathlib\npathlib.Path({flag!r}).touch()\ntime.sleep(60)"
WORKER = """
import sys, threading
from dataclasses import replace
from pathlib import Path
from console.services.runner import Runner
from console.store.store import Store
from tests.histories.script_folder import target_of
target = replace(target_of(Path(sys.argv[2])), url=sys.argv[4])
Runner(Store(sys.argv[1]), {"default": target}, Path(sys.argv[3])).work(threading.Event())
"""


def pending(folder: Path, url: str, *lines: str) -> Served:
    """Three products and three reviews, and a revision to come that does this."""
    return Served(
        folder, url, [PRODUCTS, Sample("bbbb1", ("aaaa1",), up="\n".join(lines))], at="aaaa1"
    )


def queued(place: Served, store: Store) -> int:
    """A run that waits."""
    with store.begin() as session:
        return enqueue(session, kind="apply", plan=place.plan(), requested_by="Olga").id


def run_of(place: Served, store: Store) -> Run:
    """Apply by the console's own path."""
    return run_now(
        store, {"default": place.target}, queued(place, store), workspace=place.workspace
    )


@pytest.mark.parametrize("change", [ADD, DELETE], ids=["schema", "data"])
@pytest.mark.parametrize("death", [DIE, LOSE], ids=["process", "session"])
def test_what_it_saved_is_told_when_its_process_or_its_session_dies(
    tmp_path: Path, postgresql: str, store: Store, change: str, death: str
) -> None:
    run = run_of(pending(tmp_path, postgresql, change, COMMIT, death), store)
    assert run.state == "failed"
    assert run.error is not None
    assert run.error.count("committed in the middle") == 1
    assert "Nothing was changed" not in run.error


@pytest.mark.parametrize("change", [ADD, DELETE], ids=["schema", "data"])
def test_what_it_saved_is_told_by_the_next_worker_when_its_worker_dies_too(
    tmp_path: Path, postgresql: str, store: Store, change: str
) -> None:
    flag = tmp_path / "committed"
    place = pending(tmp_path, postgresql, change, COMMIT, WAIT.format(flag=str(flag)))
    run_id = queued(place, store)
    arguments = (store.url, place.scripts, place.workspace, place.url)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, *map(str, arguments)], cwd=Path(__file__).parents[2]
    )
    try:
        until(flag.exists)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    Runner(store, {"default": place.target}, place.workspace).work(threading.Event(), once=True)
    run = get_run(store, run_id)
    assert run.state == "failed"
    assert run.error is not None
    assert "committed in the middle" in run.error


def test_nothing_was_changed_where_it_did_not_commit(
    tmp_path: Path, postgresql: str, store: Store
) -> None:
    run = run_of(pending(tmp_path, postgresql, ADD, DELETE, DIE), store)
    assert run.state == "interrupted"
    assert run.error is not None
    assert "Nothing was changed" in run.error


def test_the_number_of_the_transaction_is_shown_to_nobody(
    tmp_path: Path, postgresql: str, store: Store
) -> None:
    run = run_of(pending(tmp_path, postgresql, ADD), store)
    assert run.state == "succeeded"
    told = [*events_after(store, run.id), *events_before(store, run.id)[0]]
    assert not [event for event in told if event.text.isdigit()]


def test_a_commit_is_told_once(tmp_path: Path, postgresql: str, store: Store) -> None:
    run = run_of(pending(tmp_path, postgresql, ADD, COMMIT), store)
    assert run.error is not None
    assert run.error.count("committed in the middle") == 1
