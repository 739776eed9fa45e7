"""The store keeps what it is told, lets readers and writers work at once, and brings itself up to date."""

import multiprocessing
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from console.schema.own import OWN_TABLES
from console.store.account import AccountRow
from console.store.audit_entry import AuditEntryRow
from console.store.base import Base
from console.store.standing import StandingRow
from console.store.store import Store
from console.store.upgrade import StoreUpgradeFailed, is_current, upgrade_store


def test_making_a_store_creates_nothing(tmp_path: Path) -> None:
    Store(f"sqlite:///{tmp_path / 'console.db'}")
    assert list(tmp_path.iterdir()) == []


def test_asking_whether_it_is_current_creates_nothing(tmp_path: Path) -> None:
    assert not is_current(Store(f"sqlite:///{tmp_path / 'console.db'}"))
    assert list(tmp_path.iterdir()) == []


def test_the_history_makes_exactly_the_tables_of_the_models(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": "console_alembic_version"}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_every_table_is_known_as_the_consoles_own(store: Store) -> None:
    journals = {"console_journal", "console_journal_void"}
    assert set(inspect(store.engine).get_table_names()) == OWN_TABLES - journals


def test_a_second_upgrade_does_nothing(store: Store) -> None:
    assert is_current(store)
    assert not upgrade_store(store)


def test_an_upgrade_makes_the_folder_that_is_missing(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'deep' / 'console.db'}")
    assert upgrade_store(store)
    assert is_current(store)
    store.close()


def test_an_upgrade_that_fails_says_why(tmp_path: Path) -> None:
    path = tmp_path / "console.db"
    path.write_text("this is no database, it only has the name of one " * 100)
    store = Store(f"sqlite:///{path}")
    with pytest.raises(StoreUpgradeFailed, match="not a database"):
        upgrade_store(store)
    store.close()


def test_a_store_of_a_newer_console_is_left_alone(store: Store) -> None:
    with store.begin() as session:
        session.execute(text("UPDATE console_alembic_version SET version_num = 'ffffffffffff'"))
    with pytest.raises(StoreUpgradeFailed, match="newer version of the console"):
        upgrade_store(store)


def test_several_processes_may_upgrade_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'console.db'}"
    script = (
        "import sys; from console.store.store import Store; "
        "from console.store.upgrade import upgrade_store; upgrade_store(Store(sys.argv[1]))"
    )
    root = Path(__file__).parents[2]
    workers = [subprocess.Popen([sys.executable, "-c", script, url], cwd=root) for _ in range(4)]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0, 0, 0]
    store = Store(url)
    assert is_current(store)
    store.close()


def test_moments_come_back_in_utc(store: Store) -> None:
    moment = datetime(2026, 11, 22, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    with store.begin() as session:
        session.add(StandingRow(target="default", identity="", heads=["a"], noted_at=moment))
    with store.read() as session:
        found = session.get_one(StandingRow, "default").noted_at
    assert found == moment
    assert found.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    naive = datetime(2026, 11, 22)
    row = StandingRow(target="default", identity="", heads=[], noted_at=naive)
    with pytest.raises(StatementError, match="without a time zone"), store.begin() as session:
        session.add(row)


def test_an_error_undoes_the_whole_block(store: Store) -> None:
    def act_and_fail() -> None:
        with store.begin() as session:
            session.get_one(AccountRow, 1).name = "Nobody"
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        act_and_fail()
    with store.read() as session:
        assert session.get_one(AccountRow, 1).name != "Nobody"


def test_what_a_reader_changes_is_forgotten(store: Store) -> None:
    with store.read() as session:
        session.get_one(AccountRow, 1).name = "Nobody"
        session.flush()
    with store.read() as session:
        assert session.get_one(AccountRow, 1).name != "Nobody"


def test_a_reader_does_not_wait_for_a_writer(store: Store) -> None:
    with store.begin() as writer:
        writer.get_one(AccountRow, 1).name = "Nobody"
        writer.flush()
        with store.read() as reader:
            assert reader.get_one(AccountRow, 1).name != "Nobody"
        writer.rollback()


def _count_up(url: str, times: int) -> None:
    store = Store(url)
    for _ in range(times):
        with store.begin() as session:
            row = session.get_one(StandingRow, "default")
            row.heads = [*row.heads, str(os.getpid())]
    store.close()


def test_writers_never_lose_each_others_work(store: Store) -> None:
    with store.begin() as session:
        session.add(StandingRow(target="default", identity="", heads=[]))
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_count_up, args=(store.url, 25)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    with store.read() as session:
        assert len(session.get_one(StandingRow, "default").heads) == 75


@pytest.mark.parametrize(
    "act", ["UPDATE console_audit_entry SET text = ''", "DELETE FROM console_audit_entry"]
)
def test_the_audit_trail_is_append_only(store: Store, act: str) -> None:
    with store.read() as session:
        before = len(session.scalars(select(AuditEntryRow)).all())
    with pytest.raises(DBAPIError, match="append-only"), store.begin() as session:
        session.execute(text(act))
    with store.read() as session:
        assert len(session.scalars(select(AuditEntryRow)).all()) == before > 0
