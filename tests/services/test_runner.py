"""The runner: executes what waits, for real, and mends what dead runners left."""

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from console.schema.clone import ON_SERVER, PREFIX
from console.schema.executor import apply
from console.services import reviews
from console.services.audit import list_entries
from console.services.decisions import Policy
from console.services.errors import Conflict
from console.services.presence import Presence, birth_of, is_dead, this_host
from console.services.queue import claim, enqueue
from console.services.review import Review
from console.services.runner import Runner, run_now, runner_status
from console.services.runs import Run, events_after, get_run
from console.store.run import RunRow
from console.store.runner import RunnerRow
from console.store.store import Store
from console.store.times import now
from tests.services.conftest import Managed, Open
from tests.services.killing import kill_a_runner_half_way, slow_down, until
from tests.world import World


def _work(store: Store, managed: Managed, workspace: Path, policy: Policy | None = None) -> int:
    return Runner(store, managed.targets, workspace, policy).work(threading.Event(), once=True)


def test_a_review_is_rehearsed_approved_and_applied(
    opened: Open, store: Store, managed: Managed, world: World, workspace: Path
) -> None:
    review = opened()
    assert _work(store, managed, workspace) == 1
    review = reviews.get_review(store, managed.targets, review.id)
    assert review.rehearsal is not None
    assert review.rehearsal.ledger is not None
    assert review.rehearsal.ledger.is_clean
    reviews.approve(store, managed.targets, world.approver, review.id)
    run = reviews.request_apply(store, managed.targets, world.approver, review.id)
    assert _work(store, managed, workspace) == 1
    run = get_run(store, run.id)
    assert (run.state, run.error) == ("succeeded", None)
    assert run.outcome is not None
    assert run.outcome.heads == ("bbb2",)
    assert managed.execute("SELECT id, price FROM products") == [(1, None), (2, None)]
    assert reviews.get_review(store, managed.targets, review.id).state == "applied"
    kinds = [event.kind for event in events_after(store, run.id)]
    assert kinds[:2] == ["state", "state"]
    assert kinds[-2:] == ["finished", "state"]
    actions = [entry.action for entry in reversed(list_entries(store, review_id=review.id))]
    assert actions == [
        "review.opened",
        "rehearsal.finished",
        "review.approved",
        "apply.requested",
        "apply.started",
        "apply.finished",
    ]


def test_a_file_changed_after_the_request_is_refused(
    approved: Review, store: Store, managed: Managed, world: World, workspace: Path
) -> None:
    run = reviews.request_apply(store, managed.targets, world.approver, approved.id)
    managed.touch()
    _work(store, managed, workspace)
    run = get_run(store, run.id)
    assert run.state == "refused"
    assert run.error is not None
    assert "bbb2_.py changed" in run.error
    review = reviews.get_review(store, managed.targets, approved.id)
    assert review.state == "open"
    assert review.approvals[0].is_void
    assert managed.execute("SELECT version_num FROM alembic_version") == [("aaa1",)]


def test_a_revision_that_raises_fails_and_can_be_tried_again(
    opened: Open, store: Store, managed: Managed, workspace: Path
) -> None:
    managed.pending.write_text(
        managed.pending.read_text().replace('"price"', '"id"')  # there is such a column
    )
    review = opened()
    _work(store, managed, workspace)
    review = reviews.get_review(store, managed.targets, review.id)
    assert review.rehearsal_run is not None
    assert review.rehearsal_run.state == "failed"
    assert review.rehearsal is not None
    assert review.rehearsal.failed_revision == "bbb2"


def test_the_runner_asks_for_approvals_once_more(
    approved: Review, store: Store, managed: Managed, world: World, workspace: Path
) -> None:
    run = reviews.request_apply(store, managed.targets, world.approver, approved.id)
    _work(store, managed, workspace, Policy(approvals_required=2))
    run = get_run(store, run.id)
    assert (run.state, run.error) == ("refused", "The plan has 1 of 2 approvals.")


def test_a_run_of_an_unknown_target_is_refused(opened: Open, store: Store, workspace: Path) -> None:
    opened()
    assert Runner(store, {}, workspace).work(threading.Event(), once=True) == 1
    assert get_run(store, 1).error == "There is no target 'default' here."


def test_an_unexpected_error_does_not_leave_a_run_running(
    opened: Open,
    store: Store,
    managed: Managed,
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("console.services.execution.rehearse", explode)
    opened()
    _work(store, managed, workspace)
    run = get_run(store, 1)
    assert (run.state, run.error) == (
        "failed",
        "Unexpected: ZeroDivisionError; the log has the details.",
    )


def test_a_rule_that_breaks_becomes_an_error_to_answer(
    opened: Open,
    store: Store,
    managed: Managed,
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def explode(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("console.services.execution.judge", explode)
    opened()
    _work(store, managed, workspace)
    review = reviews.get_review(store, managed.targets, 1)
    assert review.is_rehearsed
    assert [hazard.code for hazard in review.hazards] == ["not-judged"]
    assert review.needs_reason


def test_a_command_executes_a_waiting_run_itself(
    opened: Open, store: Store, managed: Managed, workspace: Path
) -> None:
    opened()
    heard: list[str] = []
    run = run_now(
        store, managed.targets, 1, lambda event: heard.append(event.kind), workspace=workspace
    )
    assert run.state == "succeeded"
    assert "finished" in heard
    with pytest.raises(Conflict, match="does not wait"):
        run_now(store, managed.targets, 1, workspace=workspace)


def test_a_runner_shows_that_it_lives_until_it_stops(store: Store) -> None:
    assert not runner_status(store).is_alive
    assert runner_status(store).seen_at is None
    with Presence(store, "command"):
        assert not runner_status(store).is_alive
    with Presence(store, "worker"):
        assert runner_status(store).is_alive
    assert not runner_status(store).is_alive
    assert runner_status(store).seen_at is not None


def test_a_runner_that_was_not_seen_for_long_is_not_alive(store: Store) -> None:
    with store.begin() as session:
        session.add(
            RunnerRow(kind="worker", host="elsewhere", pid=1, seen_at=now() - timedelta(seconds=11))
        )
    assert not runner_status(store).is_alive


def test_it_stops_when_it_is_told_to(store: Store, managed: Managed, workspace: Path) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=Runner(store, managed.targets, workspace).work, args=(stop,))
    thread.start()
    until(lambda: runner_status(store).is_alive)
    stop.set()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert not runner_status(store).is_alive


def test_who_is_dead_is_known_on_this_machine_and_guessed_elsewhere() -> None:
    here = RunnerRow(host=this_host(), pid=os.getpid(), born=birth_of(os.getpid()) or "")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    late = RunRow(lease_until=now() - timedelta(seconds=1))
    assert not is_dead(here, late)
    assert is_dead(RunnerRow(host=this_host(), pid=os.getpid(), born="another"), late)
    assert is_dead(RunnerRow(host=this_host(), pid=gone.pid, born=""), late)
    assert is_dead(RunnerRow(host="elsewhere", pid=1, born=""), late)
    early = RunRow(lease_until=now() + timedelta(seconds=9))
    assert not is_dead(RunnerRow(host="elsewhere", pid=1, born=""), early)
    assert is_dead(RunnerRow(host="elsewhere", pid=1, stopped_at=now()), early)
    assert is_dead(None, early)


def test_an_apply_that_had_reached_its_end_is_recovered_as_succeeded(
    approved: Review, store: Store, managed: Managed, world: World, workspace: Path
) -> None:
    run = reviews.request_apply(store, managed.targets, world.approver, approved.id)
    with Presence(store, "worker") as dead:
        assert claim(store, dead.id) == run.id
    apply(managed.target, approved.plan)
    _work(store, managed, workspace)
    run = get_run(store, run.id)
    assert run.state == "succeeded"
    assert run.note is not None
    assert run.note.startswith("Recovered:")
    assert reviews.get_review(store, managed.targets, approved.id).state == "applied"


def test_an_apply_is_left_alone_while_somebody_still_writes(
    approved: Review, store: Store, managed: Managed, world: World, workspace: Path
) -> None:
    import sqlite3
    from contextlib import closing

    run = reviews.request_apply(store, managed.targets, world.approver, approved.id)
    with Presence(store, "worker") as dead:
        claim(store, dead.id)
    with closing(sqlite3.connect(managed.database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        _work(store, managed, workspace)
        assert get_run(store, run.id).state == "running"
    _work(store, managed, workspace)
    assert get_run(store, run.id).state == "interrupted"


def test_a_rehearsal_that_keeps_killing_its_runner_is_given_up(
    opened: Open, store: Store, managed: Managed, workspace: Path
) -> None:
    opened()
    with store.begin() as session:
        session.get_one(RunRow, 1).attempts = 2
    with Presence(store, "worker") as dead:
        assert claim(store, dead.id) == 1
    assert _work(store, managed, workspace) == 0
    run = get_run(store, 1)
    assert run.state == "failed"
    assert run.error is not None
    assert "3 times" in run.error


@pytest.fixture
def slow(managed: Managed, tmp_path: Path) -> Path:
    """Make the pending revision stop half-way for as long as the returned file exists."""
    return slow_down(managed, tmp_path / "slow")


def _finished(store: Store, run: Run) -> Run:
    return get_run(store, run.id)


def test_a_runner_killed_during_an_apply_leaves_nothing_in_doubt(
    opened: Open, slow: Path, store: Store, managed: Managed, world: World, workspace: Path
) -> None:
    review = opened()
    _work(store, managed, workspace)
    reviews.approve(store, managed.targets, world.approver, review.id)
    run = reviews.request_apply(store, managed.targets, world.approver, review.id)
    slow.touch()
    kill_a_runner_half_way(store, managed, workspace, run.id)
    slow.unlink()
    assert _work(store, managed, workspace) == 0
    run = _finished(store, run)
    assert run.state == "interrupted"
    assert run.error is not None
    assert "Nothing was changed" in run.error
    assert managed.execute("SELECT name FROM sqlite_master WHERE name = 'half_way'") == []
    again = reviews.request_apply(store, managed.targets, world.approver, review.id)
    assert _work(store, managed, workspace) == 1
    assert _finished(store, again).state == "succeeded"


def test_a_runner_killed_during_a_rehearsal_is_replaced(
    opened: Open, slow: Path, store: Store, managed: Managed, workspace: Path
) -> None:
    review = opened()
    slow.touch()
    kill_a_runner_half_way(store, managed, workspace, 1)
    slow.unlink()
    assert list(workspace.iterdir()) != []
    assert _work(store, managed, workspace) == 1
    assert list(workspace.iterdir()) == []
    review = reviews.get_review(store, managed.targets, review.id)
    assert review.is_rehearsed


def test_a_queued_apply_of_an_outsider_waits(approved: Review, store: Store) -> None:
    with store.begin() as session:
        run = enqueue(session, kind="apply", plan=approved.plan, requested_by="Somebody")
    assert get_run(store, run.id).is_active


def test_copies_whose_maker_was_killed_are_removed_though_another_database_is_away(
    store: Store, managed: Managed, workspace: Path
) -> None:
    away = replace(managed.target, name="away", url="postgresql+psycopg://127.0.0.1:9/away")
    for target in (away, managed.target):
        left = workspace / f"{PREFIX}{target.key}-left"
        left.mkdir(parents=True)
    (workspace / f"{PREFIX}{away.key}-left" / ON_SERVER).touch()
    targets = {"away": away} | dict(managed.targets)
    stop = threading.Event()
    working = threading.Thread(target=Runner(store, targets, workspace).work, args=[stop])
    working.start()
    try:
        until(lambda: not (workspace / f"{PREFIX}{managed.target.key}-left").exists())
    finally:
        stop.set()
        working.join()
    assert (workspace / f"{PREFIX}{away.key}-left").exists()
