"""Runs as the store knows them: listed, read, and taken exactly once."""

import multiprocessing
import threading
from pathlib import Path

import pytest

from console.schema.progress import Event
from console.services import reviews
from console.services.audit import list_entries
from console.services.ending import Ending, finish
from console.services.errors import Conflict, NotFound, Refused
from console.services.event_writer import STATEMENTS_A_BATCH, EventWriter
from console.services.presence import Presence
from console.services.queue import claim, enqueue
from console.services.review import Review
from console.services.runs import events_after, events_before, get_run, list_runs
from console.store.store import Store
from tests.services.conftest import Managed, Open
from tests.world import World


def test_an_unknown_run_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        get_run(store, 99)
    with pytest.raises(NotFound):
        events_after(store, 99)


def test_lists_are_newest_first_and_leave_the_large_things_out(
    approved: Review, store: Store
) -> None:
    with store.begin() as session:
        enqueue(session, kind="apply", plan=approved.plan, requested_by="Ada")
    newest, oldest = list_runs(store)
    assert (newest.kind, oldest.kind) == ("apply", "rehearsal")
    assert oldest.rehearsal is None
    assert get_run(store, oldest.id).rehearsal == approved.rehearsal
    assert list_runs(store, target="other") == ()
    assert list_runs(store, limit=1) == (newest,)


def test_a_target_has_one_apply_at_a_time(approved: Review, store: Store) -> None:
    with store.begin() as session:
        first = enqueue(session, kind="apply", plan=approved.plan, requested_by="Ada")
    with (
        store.begin() as session,
        pytest.raises(Conflict, match="Run 2 is being applied") as caught,
    ):
        enqueue(session, kind="apply", plan=approved.plan, requested_by="Ada")
    assert caught.value.run_id == first.id


def test_applies_are_taken_before_rehearsals(
    opened: Open, store: Store, presence: Presence
) -> None:
    review = opened()
    with store.begin() as session:
        run = enqueue(session, kind="apply", plan=review.plan, requested_by="Ada")
    assert claim(store, presence.id) == run.id
    assert claim(store, presence.id) == 1
    assert claim(store, presence.id) is None


def _claim_all(url: str, barrier: object, runner_id: int, taken: object) -> None:
    store = Store(url)
    barrier.wait()
    while (run_id := claim(store, runner_id)) is not None:
        taken.put(run_id)
    store.close()


def test_of_several_processes_one_gets_each_run(
    opened: Open, store: Store, presence: Presence
) -> None:
    plan = opened().plan
    with store.begin() as session:
        for _ in range(19):
            enqueue(session, kind="rehearsal", plan=plan, requested_by="Ada")
    spawn = multiprocessing.get_context("spawn")
    barrier, taken = spawn.Barrier(3), spawn.Queue()
    workers = [
        spawn.Process(target=_claim_all, args=(store.url, barrier, presence.id, taken))
        for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    found = sorted(taken.get(timeout=60) for _ in range(20))
    for worker in workers:
        worker.join(timeout=60)
    assert found == list(range(1, 21))
    assert taken.empty()


def test_of_several_threads_one_gets_the_run(
    opened: Open, store: Store, presence: Presence
) -> None:
    opened()
    barrier, taken = threading.Barrier(8), []

    def take() -> None:
        barrier.wait()
        taken.append(claim(store, presence.id, 1))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(taken, key=str) == [1] + [None] * 7


def test_a_run_is_ended_only_by_who_took_it(opened: Open, store: Store, presence: Presence) -> None:
    opened()
    assert claim(store, presence.id) == 1
    assert not finish(store, 1, presence.id + 1, Ending("failed", "No."))
    assert finish(store, 1, presence.id, Ending("failed", "No."))
    assert not finish(store, 1, presence.id, Ending("succeeded"))
    assert (get_run(store, 1).state, get_run(store, 1).error) == ("failed", "No.")


def test_events_follow_each_other(opened: Open, store: Store, managed: Managed) -> None:
    opened()
    heard: list[Event] = []
    with EventWriter(store, 1, heard.append) as tell:
        tell(Event("step-started", "Applying", "bbb2", 0, 1))
        tell(Event("step-finished", "Done", "bbb2", 1, 1))
    first, second, third = events_after(store, 1)
    assert (first.kind, first.text) == ("state", "The run waits for the worker.")
    assert (second.revision, third.done, third.total) == ("bbb2", 1, 1)
    assert events_after(store, 1, second.id) == (third,)
    assert [event.text for event in heard] == ["Applying", "Done"]


def test_of_very_many_statements_the_last_are_kept(opened: Open, store: Store) -> None:
    opened()
    writer = EventWriter(store, 1)
    with writer:
        for number in range(5_000):
            writer(Event("statement", f"INSERT {number}"))
        writer(Event("finished", "Done"))
    events = events_after(store, 1)
    assert [event.text for event in events[-2:]] == ["INSERT 4999", "Done"]
    assert STATEMENTS_A_BATCH <= len(events) < 1_000


def test_progress_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    empty = Store(f"sqlite:///{tmp_path / 'empty.db'}")
    with EventWriter(empty, 1) as tell:
        tell(Event("clone", "Copying"))
    empty.close()


def test_a_waiting_apply_can_be_cancelled_and_asked_for_again(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    run = reviews.request_apply(store, managed.targets, world.approver, approved.id)
    with pytest.raises(Refused, match="You need the role"):
        reviews.cancel_run(store, world.author, run.id)
    assert reviews.cancel_run(store, world.operator, run.id).state == "cancelled"
    assert reviews.get_review(store, managed.targets, approved.id).state == "approved"
    entry = list_entries(store)[0]
    assert (entry.actor, entry.action) == ("Olga Operator", "apply.cancelled")
    with pytest.raises(Refused, match="it was cancelled"):
        reviews.cancel_run(store, world.operator, run.id)
    assert reviews.request_apply(store, managed.targets, world.approver, approved.id).id != run.id


def test_a_run_that_has_begun_is_asked_to_end_once(
    opened: Open, store: Store, world: World, presence: Presence
) -> None:
    opened()
    claim(store, presence.id)
    run = reviews.cancel_run(store, world.author, 1)
    assert (run.state, run.is_cancelling, run.cancel_asked_by) == ("running", True, "Ada Author")
    assert list_entries(store)[0].action == "rehearsal.cancel-asked"
    with pytest.raises(Refused, match="Ada Author has cancelled it"):
        reviews.cancel_run(store, world.operator, 1)


def test_the_last_things_that_a_run_said_come_first_and_the_earlier_ones_are_counted(
    opened: Open, store: Store
) -> None:
    opened()
    with EventWriter(store, 1) as writer:
        for number in range(30):
            writer(Event("check", f"Line {number}"))
    last, earlier = events_before(store, 1, limit=10)
    assert [event.text for event in last] == [f"Line {number}" for number in range(20, 30)]
    assert earlier == 21
    first, none = events_before(store, 1, last[0].id, limit=100)
    assert [event.text for event in first][1:] == [f"Line {number}" for number in range(20)]
    assert none == 0
