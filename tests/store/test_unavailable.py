"""A store that does not work says why, and never by a driver's exception."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from console.store.account import AccountRow
from console.store.patience import patience
from console.store.store import Store
from console.store.unavailable import StoreUnavailable


def _read(store: Store) -> None:
    with store.read() as session:
        session.scalar(select(AccountRow))


def test_a_store_that_was_never_set_up(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'console.db'}")
    with pytest.raises(StoreUnavailable, match="not set up"):
        _read(store)
    store.close()


def test_a_store_whose_folder_is_gone(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'gone' / 'console.db'}")
    with pytest.raises(StoreUnavailable, match="folder is there"):
        _read(store)


def test_a_store_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "console.db").write_text("no database, but long enough to be looked at" * 50)
    store = Store(f"sqlite:///{tmp_path / 'console.db'}")
    with pytest.raises(StoreUnavailable, match="damaged"):
        _read(store)


def test_a_store_that_somebody_keeps_locked(store: Store, tmp_path: Path) -> None:
    store.close()
    token = patience.set(10)
    with closing(sqlite3.connect(tmp_path / "console.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"), store.begin() as session:
            session.scalar(select(AccountRow))
    patience.reset(token)


def test_a_store_that_cannot_be_written_to(store: Store, tmp_path: Path) -> None:
    store.close()
    reader = Store(f"sqlite:///file:{tmp_path / 'console.db'}?mode=ro&uri=true")
    _read(reader)
    with pytest.raises(StoreUnavailable, match="cannot be written to"), reader.begin() as session:
        session.add(AccountRow(email="x@example.com", name="X", role="viewer", password_hash="x"))
    reader.close()


def test_a_constraint_is_no_outage(store: Store) -> None:
    with pytest.raises(IntegrityError), store.begin() as session:
        session.add(
            AccountRow(email="author@example.com", name="X", role="viewer", password_hash="x")
        )
