"""The console's own database on a server does what it does on SQLite, however many work at once."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from console.services import reviews
from console.services.accounts import create_account
from console.services.audit import list_entries
from console.services.errors import Conflict, Refused
from console.services.permissions import ROLES
from console.services.presence import Presence
from console.services.queue import claim
from console.services.review import Review
from console.services.runner import Runner
from console.services.runs import get_run
from console.store.base import Base
from console.store.patience import patience
from console.store.standing import StandingRow
from console.store.store import Store
from console.store.unavailable import LOCKED, StoreUnavailable
from console.store.upgrade import is_current
from tests import world as small_world
from tests.services.conftest import Managed, Open
from tests.world import World

ROOT = Path(__file__).parents[2]
UPGRADE = (
    "import sys; from console.store.store import Store; "
    "from console.store.upgrade import upgrade_store; upgrade_store(Store(sys.argv[1]))"
)


@pytest.fixture(params=["postgresql", "mariadb", "mysql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store on a server, brought up to date by two processes at once."""
    url: str = request.getfixturevalue(request.param)
    workers = [subprocess.Popen([sys.executable, "-c", UPGRADE, url], cwd=ROOT) for _ in range(2)]
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0]
    store = Store(url)
    for role in ROLES:
        create_account(
            store,
            email=f"{role}@example.com",
            name=small_world.NAMES[role],
            role=role,
            password=small_world.PASSWORD,
        )
    yield store
    store.close()


def at_once(number: int, act: Callable[[], None]) -> None:
    """Do something in several threads that begin together."""
    barrier = threading.Barrier(number)

    def begin() -> None:
        barrier.wait()
        act()

    threads = [threading.Thread(target=begin) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)


def count_up(url: str, times: int) -> None:
    store = Store(url)
    for number in range(times):
        with store.begin() as session:
            row = session.get_one(StandingRow, "default")
            row.heads = [*row.heads, str(number)]
    store.close()


def test_its_history_makes_the_models_and_it_keeps_what_it_is_told(store: Store) -> None:
    assert is_current(store)
    with store.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": "console_alembic_version"}
        )
        assert compare_metadata(context, Base.metadata) == []
    moment = datetime(2026, 11, 22, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    heads = ["é" * 100_000, "😀"]
    with store.begin() as session:
        session.add(StandingRow(target="default", identity="", heads=heads, noted_at=moment))
    with store.read() as session:
        found = session.get_one(StandingRow, "default")
    assert (found.noted_at, found.noted_at.tzinfo, found.heads) == (moment, UTC, heads)
    for act in ("UPDATE console_audit_entry SET text = ''", "DELETE FROM console_audit_entry"):
        with pytest.raises(DBAPIError, match="append-only"), store.begin() as session:
            session.execute(text(act))
    assert list_entries(store)


def test_writers_never_lose_each_others_work(store: Store) -> None:
    with store.begin() as session:
        session.add(StandingRow(target="default", identity="", heads=[]))
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=count_up, args=(store.url, 20)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    with store.read() as session:
        assert len(session.get_one(StandingRow, "default").heads) == 60


def test_a_writer_who_waits_too_long_is_told_why(store: Store) -> None:
    told: list[str] = []

    def write() -> None:
        patience.set(300)
        with pytest.raises(StoreUnavailable) as refused, store.begin() as session:
            session.connection()
        told.append(str(refused.value))

    with store.begin() as writer:
        writer.connection()
        at_once(1, write)
        with store.read() as session:
            assert session.get(StandingRow, "default") is None
    assert told == [LOCKED]
    with store.begin() as writer:
        writer.connection()  # free again


def test_of_several_who_ask_one_gets_the_run(
    opened: Open, store: Store, presence: Presence
) -> None:
    opened()
    taken: list[int | None] = []
    at_once(8, lambda: taken.append(claim(store, presence.id, 1)))
    assert sorted(taken, key=str) == [1] + [None] * 7


def test_a_database_gets_one_apply_however_many_ask(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    ends: list[str] = []

    def ask() -> None:
        try:
            reviews.request_apply(store, managed.targets, world.approver, approved.id)
            ends.append("queued")
        except (Conflict, Refused):
            ends.append("refused")

    at_once(6, ask)
    assert sorted(ends) == ["queued"] + ["refused"] * 5


def test_a_review_is_rehearsed_approved_and_applied(
    opened: Open, store: Store, managed: Managed, world: World, workspace: Path
) -> None:
    runner = Runner(store, managed.targets, workspace)
    review = opened()
    assert runner.work(threading.Event(), once=True) == 1
    review = reviews.get_review(store, managed.targets, review.id)
    assert review.rehearsal is not None
    reviews.approve(store, managed.targets, world.approver, review.id)
    run = reviews.request_apply(store, managed.targets, world.approver, review.id)
    runner = Runner(store, managed.targets, workspace)
    assert runner.work(threading.Event(), once=True) == 1
    run = get_run(store, run.id)
    assert (run.state, run.error) == ("succeeded", None)
    assert managed.execute("SELECT id, price FROM products") == [(1, None), (2, None)]
    actions = [entry.action for entry in reversed(list_entries(store, review_id=review.id))]
    assert actions[-2:] == ["apply.started", "apply.finished"]
