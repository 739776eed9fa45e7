"""Somebody cancels a run in the browser, and the worker that executes it ends it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.schema.clone import SCRATCH
from console.schema.errors import RunCancelled
from console.services import drift, reviews
from console.services.audit import list_entries
from console.services.cancel import CancelWatch
from console.services.decisions import may_apply
from console.services.errors import Refused
from console.services.execution import Workshop, execute
from console.services.migrate import migrate_now
from console.services.presence import Presence
from console.services.queue import claim
from console.services.recovery import recover
from console.services.review import Review
from console.services.runs import Run, events_after, get_run
from console.store.store import Store
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.schema.test_cancel import DATABASES, DOWN, SLOW
from tests.schema.test_clone_cancel import NAMES
from tests.services.conftest import Managed, Open
from tests.world import World

ROOT = Path(__file__).parents[2]
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


@pytest.fixture
def flag(tmp_path: Path) -> Path:
    """While this file is there, the pending revision does not end."""
    return tmp_path / "slow"


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path, flag: Path) -> Place:
    """A database of each kind whose pending revision stops half-way."""
    slow = Sample("bbbb2", ("aaaa1",), up=SLOW.format(flag=str(flag)), down=DOWN)
    folder = tmp_path / "managed"
    if request.param == "sqlite":
        return Place(folder, [PRODUCTS, slow], at="aaaa1")
    return Served(folder, request.getfixturevalue(request.param), [PRODUCTS, slow], at="aaaa1")


@pytest.fixture
def worker(store: Store, place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own."""
    arguments = [store.url, str(place.scripts), str(place.workspace), place.target.url]
    process = subprocess.Popen([sys.executable, "-c", WORKER, *arguments], cwd=ROOT)
    yield process
    process.send_signal(signal.SIGKILL)
    process.wait()


def _until(happened: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def _wait(store: Store, run: Run | None) -> Run:
    assert run is not None
    _until(lambda: not get_run(store, run.id).is_active)
    return get_run(store, run.id)


def _is_half_way(store: Store, run: Run) -> Callable[[], bool]:
    return lambda: any("half_way" in event.text for event in events_after(store, run.id))


@pytest.mark.usefixtures("worker")
def test_an_apply_is_cancelled_and_the_run_says_exactly_what_stays(
    place: Place, flag: Path, store: Store, world: World
) -> None:
    targets = {"default": place.target}
    review = reviews.open_review(store, targets, world.author, target="default", goal="head")
    assert _wait(store, review.rehearsal_run).state == "succeeded"
    reviews.approve(store, targets, world.approver, review.id, reason="Look at it.")
    flag.touch()
    run = reviews.request_apply(store, targets, world.operator, review.id)
    _until(_is_half_way(store, run))
    assert reviews.cancel_run(store, world.operator, run.id).is_cancelling
    run = _wait(store, run)
    assert run.state == "cancelled"
    assert run.error is not None
    review = reviews.get_review(store, targets, review.id)
    if place.target.url.startswith("mysql"):
        assert "1 statement had been executed and stays: CREATE TABLE half_way" in run.error
        assert place.ask("SELECT count(*) FROM half_way") == [0]
        assert review.changes  # a new plan is made, and goes on after what stays
        flag.unlink()
        review = reviews.renew(store, targets, world.author, review.id)
        assert _wait(store, review.rehearsal_run).state == "succeeded"
        reviews.approve(store, targets, world.approver, review.id, reason="Go on.")
    else:
        assert run.error == "Nothing was changed; it can be applied again."
        assert may_apply(review, world.operator)
        flag.unlink()
    again = reviews.request_apply(store, targets, world.operator, review.id)
    assert _wait(store, again).state == "succeeded"
    told = [entry.text for entry in list_entries(store, action="apply.")]
    assert any(
        f"Olga Operator asked to cancel run {run.id}, an apply on default." in t for t in told
    )
    assert any(f"Run {run.id}, the apply of review" in t and "was cancelled" in t for t in told)


@pytest.mark.usefixtures("worker")
def test_a_rehearsal_is_cancelled_and_its_clone_is_gone(
    place: Place, flag: Path, store: Store, world: World
) -> None:
    targets = {"default": place.target}
    flag.touch()
    review = reviews.open_review(store, targets, world.author, target="default", goal="head")
    assert review.rehearsal_run is not None
    _until(_is_half_way(store, review.rehearsal_run))
    reviews.cancel_run(store, world.author, review.rehearsal_run.id)
    run = _wait(store, review.rehearsal_run)
    assert (run.state, run.error) == (
        "cancelled",
        "It ran on a clone, which is gone; the database was not touched.",
    )
    assert list(place.workspace.iterdir()) == []
    flag.unlink()
    again = reviews.request_rehearsal(store, targets, world.author, review.id)
    assert _wait(store, again).state == "succeeded"


@pytest.mark.usefixtures("worker")
def test_a_comparison_is_cancelled_and_what_it_made_is_gone(
    place: Place, flag: Path, store: Store, world: World
) -> None:
    targets = {"default": place.target}
    flag.touch()
    drift.request_drift(store, targets, world.author, "default")

    def newest() -> drift.DriftCheck:
        found, _ = drift.latest_drift(store, "default")
        assert found is not None
        return found

    _until(lambda: "up to bbbb2" in newest().progress)  # which does not end
    assert drift.cancel_drift(store, targets, world.operator, "default").is_cancelling
    _until(lambda: not newest().is_active)
    assert (newest().state, newest().cancelled_by) == ("cancelled", "Olga Operator")
    assert [folder for folder in SCRATCH.iterdir() if place.target.key in folder.name] == []
    if isinstance(place, Served):
        sql = NAMES[place.target.parsed_url.get_backend_name()]
        assert [name for name in place.ask(sql) if place.target.key in name] == []
    flag.unlink()
    drift.request_drift(store, targets, world.author, "default")
    _until(lambda: newest().state == "done")


def test_a_cancel_that_comes_too_late_is_told_so(
    approved: Review,
    store: Store,
    managed: Managed,
    world: World,
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = reviews.request_apply(store, managed.targets, world.operator, approved.id)
    monkeypatch.setattr(CancelWatch, "__call__", lambda _: False)  # it hears of it afterwards
    with Presence(store, "worker") as presence:
        assert claim(store, presence.id) == run.id
        reviews.cancel_run(store, world.operator, run.id)
        execute(Workshop(store, managed.targets, workspace), run.id, presence.id)
    ended = get_run(store, run.id)
    assert ended.state == "succeeded"
    assert ended.note == ("Olga Operator asked to cancel it, but it had come to its end by then.")


def test_of_two_who_cancel_at_once_one_is_told_so(
    opened: Open, store: Store, world: World, presence: Presence
) -> None:
    opened()
    claim(store, presence.id)
    barrier, answers = threading.Barrier(2), []

    def cancel() -> None:
        barrier.wait()
        try:
            reviews.cancel_run(store, world.operator, 1)
            answers.append("asked")
        except Refused as error:
            answers.append(str(error))

    threads = [threading.Thread(target=cancel) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count("asked") == 1
    assert len(list_entries(store, action="rehearsal.cancel-asked")) == 1


def test_what_was_cancelled_is_not_tried_again_when_its_runner_dies(
    opened: Open, store: Store, managed: Managed, world: World, workspace: Path
) -> None:
    opened()
    with Presence(store, "worker") as dead:
        claim(store, dead.id)
        reviews.cancel_run(store, world.author, 1)
    assert recover(Workshop(store, managed.targets, workspace)) == (1,)
    assert get_run(store, 1).state == "cancelled"


def test_a_cancelled_apply_whose_runner_died_ends_as_cancelled(
    approved: Review, store: Store, managed: Managed, world: World, workspace: Path
) -> None:
    run = reviews.request_apply(store, managed.targets, world.operator, approved.id)
    with Presence(store, "worker") as dead:
        claim(store, dead.id)
        reviews.cancel_run(store, world.operator, run.id)
    recover(Workshop(store, managed.targets, workspace))
    ended = get_run(store, run.id)
    assert ended.state == "cancelled"
    assert ended.error is not None
    assert "Nothing was changed" in ended.error


def test_a_migration_of_the_command_line_is_cancelled_in_the_browser_too(
    store: Store, managed: Managed, world: World, workspace: Path
) -> None:
    def cancel(_event: object) -> None:
        if not get_run(store, 1).is_cancelling:
            reviews.cancel_run(store, world.operator, 1)

    text = managed.pending.read_text()
    slow = "def upgrade():\n    import time\n    time.sleep(60)"
    managed.pending.write_text(text.replace("def upgrade():", slow))
    with pytest.raises(RunCancelled, match="Nothing was changed"):
        migrate_now(
            store,
            managed.targets,
            target="default",
            goal="head",
            actor_name="deploy",
            workspace=workspace,
            rehearse=False,
            progress=cancel,
        )
    run = get_run(store, 1)
    assert (run.state, run.cancel_asked_by) == ("cancelled", "Olga Operator")
