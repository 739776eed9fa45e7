"""Comparisons of models, database and history, asked for by people and made by the worker."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from console.services.audit import list_entries
from console.services.comparing import compare, verdict
from console.services.drift import (
    DriftCheck,
    cancel_drift,
    claim_drift,
    latest_drift,
    recover_drift,
    request_drift,
)
from console.services.errors import Conflict, Forbidden, NotFound, Refused
from console.services.presence import Presence
from console.services.runner import Runner
from console.store.drift import DriftRow
from console.store.store import Store
from tests.services.conftest import Managed, Open
from tests.world import World


@pytest.fixture
def asked(store: Store, managed: Managed, world: World) -> DriftCheck:
    """A comparison that waits."""
    return request_drift(store, managed.targets, world.author, "default")


def _work(store: Store, managed: Managed, workspace: Path) -> None:
    Runner(store, managed.targets, workspace).work(threading.Event(), once=True)


def test_the_worker_makes_it_and_writes_down_what_it_found(
    asked: DriftCheck, store: Store, managed: Managed, workspace: Path
) -> None:
    managed.execute("ALTER TABLE products ADD COLUMN note TEXT")
    _work(store, managed, workspace)
    newest, done = latest_drift(store, "default")
    assert newest is not None
    assert (newest.state, newest.error, newest.is_clean) == ("done", None, False)
    assert done is not None
    assert done.drift is not None
    (table,) = done.drift.history.difference.tables
    assert [(change.sign, change.name) for change in table.changes] == [("added", "note")]
    assert "the database is not what its history makes" in verdict(done.drift)
    entries = [entry.action for entry in list_entries(store, action="drift.")]
    assert entries == ["drift.compared", "drift.requested"]


def test_one_at_a_time_is_asked_for_by_people_who_may_rehearse(
    asked: DriftCheck, store: Store, managed: Managed, world: World, workspace: Path
) -> None:
    with pytest.raises(Conflict, match="being compared already"):
        request_drift(store, managed.targets, world.approver, "default")
    with pytest.raises(Forbidden):
        request_drift(store, managed.targets, world.viewer, "default")
    with pytest.raises(NotFound):
        request_drift(store, managed.targets, world.author, "other")
    _work(store, managed, workspace)
    assert request_drift(store, managed.targets, world.approver, "default").is_active


def test_a_database_that_is_away_is_told_and_what_was_found_before_stays(
    asked: DriftCheck, store: Store, managed: Managed, world: World, workspace: Path
) -> None:
    _work(store, managed, workspace)
    managed.database.write_bytes(b"this is no database" * 100)
    request_drift(store, managed.targets, world.author, "default")
    _work(store, managed, workspace)
    newest, done = latest_drift(store, "default")
    assert newest is not None
    assert (newest.state, newest.error) == ("failed", "The database of 'default' did not answer.")
    assert done is not None
    assert done.id == asked.id


def test_an_unknown_target_fails(asked: DriftCheck, store: Store, workspace: Path) -> None:
    Runner(store, {}, workspace).work(threading.Event(), once=True)
    newest, _ = latest_drift(store, "default")
    assert newest is not None
    assert newest.error == "There is no target 'default' here."


def test_each_is_taken_once_and_runs_go_first(
    asked: DriftCheck, store: Store, opened: Open, managed: Managed, workspace: Path
) -> None:
    opened()
    _work(store, managed, workspace)
    entries = [entry.action for entry in reversed(list_entries(store))]
    assert entries.index("rehearsal.finished") < entries.index("drift.compared")
    assert claim_drift(store, 1) is None


def test_a_dead_worker_lets_it_wait_for_another_try_but_not_for_ever(
    asked: DriftCheck, store: Store
) -> None:
    for _ in range(3):
        with Presence(store, "worker") as dead:
            assert claim_drift(store, dead.id) == (asked.id, "default")
            recover_drift(store)
            with store.read() as session:
                assert session.get_one(DriftRow, asked.id).state == "running"
        recover_drift(store)
    newest, _ = latest_drift(store, "default")
    assert newest is not None
    assert (newest.state, newest.error) == (
        "failed",
        "The worker died while it compared, 3 times.",
    )


def test_one_that_waits_is_cancelled_at_once_by_whoever_may_ask_for_one(
    asked: DriftCheck, store: Store, managed: Managed, world: World, workspace: Path
) -> None:
    with pytest.raises(Forbidden):
        cancel_drift(store, managed.targets, world.viewer, "default")
    with pytest.raises(NotFound):
        cancel_drift(store, managed.targets, world.author, "other")
    ended = cancel_drift(store, managed.targets, world.operator, "default")
    assert (ended.id, ended.state, ended.cancelled_by) == (asked.id, "cancelled", "Olga Operator")
    with pytest.raises(Refused, match="No comparison goes on"):
        cancel_drift(store, managed.targets, world.operator, "default")
    _work(store, managed, workspace)
    newest, done = latest_drift(store, "default")
    assert newest == ended
    assert done is None
    (told, _) = list_entries(store, action="drift.")
    assert (told.action, told.actor) == ("drift.cancelled", "Olga Operator")
    assert request_drift(store, managed.targets, world.author, "default").is_active


def test_one_that_has_begun_is_cancelled_once(
    asked: DriftCheck, store: Store, managed: Managed, world: World
) -> None:
    with Presence(store, "worker") as presence:
        claim_drift(store, presence.id)
        assert cancel_drift(store, managed.targets, world.operator, "default").is_cancelling
        with pytest.raises(Refused, match="Olga Operator has cancelled it; it is about to end"):
            cancel_drift(store, managed.targets, world.author, "default")
        with pytest.raises(Conflict):
            request_drift(store, managed.targets, world.author, "default")
        compare(store, managed.targets, asked.id, "default", presence.id)
    newest, done = latest_drift(store, "default")
    assert newest is not None
    assert (newest.state, newest.cancelled_by, done) == ("cancelled", "Olga Operator", None)
    assert newest.error == (
        "It was cancelled. The database was only read, and what was made beside it is gone."
    )
    told = [(entry.action, entry.actor) for entry in list_entries(store, action="drift.")]
    assert told[:2] == [("drift.cancelled", "Console"), ("drift.cancel-asked", "Olga Operator")]


def test_what_was_cancelled_is_not_made_again_when_its_worker_dies(
    asked: DriftCheck, store: Store, managed: Managed, world: World
) -> None:
    with Presence(store, "worker") as dead:
        claim_drift(store, dead.id)
        cancel_drift(store, managed.targets, world.author, "default")
    recover_drift(store)
    newest, _ = latest_drift(store, "default")
    assert newest is not None
    assert newest.state == "cancelled"
