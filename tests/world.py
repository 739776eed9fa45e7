"""world: the small world of the tests: one account a role, and a fresh store for every test."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher

from console.services import passwords
from console.services.account import Account
from console.services.accounts import create_account, list_accounts
from console.services.permissions import ROLES
from console.store.store import Store
from console.store.upgrade import upgrade_store

PASSWORD = "correct horse battery"
NAMES = {
    "viewer": "Vera Viewer",
    "author": "Ada Author",
    "approver": "Paul Approver",
    "operator": "Olga Operator",
    "administrator": "Adam Administrator",
}


@dataclass(frozen=True)
class World:
    """One active account a role; every password is PASSWORD. Anonymous is None."""

    viewer: Account
    author: Account
    approver: Account
    operator: Account
    administrator: Account


def hash_quickly() -> None:
    """Make password hashes cheap in this process; they are as correct as dear ones."""
    passwords.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def make_template(folder: Path) -> Path:
    """A store at its newest revision with the world's accounts, as one file to copy."""
    path = folder / "store-template.db"
    store = Store(f"sqlite:///{path}")
    upgrade_store(store)
    for role in ROLES:
        create_account(
            store, email=f"{role}@example.com", name=NAMES[role], role=role, password=PASSWORD
        )
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return path


def copy_template(template: Path, path: Path) -> Store:
    """A store of its own for one test; close it afterwards."""
    shutil.copyfile(template, path)
    return Store(f"sqlite:///{path}")


def world_of(store: Store) -> World:
    """The accounts of a store copied from the template."""
    return World(**{account.role: account for account in list_accounts(store)})
