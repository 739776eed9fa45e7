"""upgrade: brings the store up to date by its own Alembic history, `console/store/versions`.

`python -m console.store.upgrade` reads the store's URL from standard input and does the work in a
process of its own: Alembic's commands are not thread-safe, and this may be called from a server.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from console.store.store import Store

HERE = Path(__file__).resolve().parent
VERSION_TABLE = "console_alembic_version"
LOCK = 4_170_253_309  # any number; the same in every process


class StoreUpgradeFailed(Exception):
    """The store could not be brought up to date and is as it was; `str()` says why."""


def upgrade_store(store: Store) -> bool:
    """Bring the store to its newest revision; returns whether there was anything to do.

    Safe to call from several processes at once. Raises StoreUpgradeFailed.
    """
    try:
        found = standing(store)
    except SQLAlchemyError as error:
        reason = getattr(error, "orig", None) or error
        raise StoreUpgradeFailed(
            f"The console's own database cannot be opened: {reason}. Check CONSOLE_STORE_URL."
        ) from error
    scripts = _scripts()
    if found == set(scripts.get_heads()):
        return False
    if found - {script.revision for script in scripts.walk_revisions()}:
        raise StoreUpgradeFailed(
            "The console's own database was made by a newer version of the console. "
            "Install that version, or name another database in CONSOLE_STORE_URL."
        )
    _make_folder(store)
    result = subprocess.run(
        [sys.executable, "-m", "console.store.upgrade"],
        input=store.url,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": _import_path()},
        check=False,
    )
    if result.returncode:
        last = result.stderr.strip().splitlines()[-1:] or ["the process died without a word"]
        raise StoreUpgradeFailed(
            f"The console's own database could not be brought up to date: {last[0]}"
        )
    return True


def is_current(store: Store) -> bool:
    """Whether the store stands at its newest revision; SQLAlchemy's errors pass through."""
    return standing(store) == set(_scripts().get_heads())


def standing(store: Store) -> set[str]:
    """The revisions that the store stands at; opens the database only if it exists."""
    database = store.engine.url.database
    if store.engine.dialect.name == "sqlite" and not (database and Path(database).exists()):
        return set()
    with store.engine.connect() as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            return set()
        found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - a constant
        return set(found.scalars())


def configuration() -> Config:
    """The Alembic configuration of the store's history."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    return config


def upgrade_here(store: Store) -> None:
    """Upgrade in this process and one transaction, under a lock; only for a process that does
    nothing else."""
    config = configuration()
    with store.begin() as session:
        connection = session.connection()
        _lock(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _lock(connection: Connection) -> None:
    """Keep other upgrades out until the transaction ends; SQLite's write lock is taken already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    elif connection.dialect.name in ("mysql", "mariadb"):
        connection.execute(text("SELECT GET_LOCK('console_store', 60)"))


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration())


def _make_folder(store: Store) -> None:
    database = store.engine.url.database
    if store.engine.dialect.name == "sqlite" and database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)


def _import_path() -> str:
    ours = str(HERE.parent.parent)
    return os.pathsep.join(filter(None, (ours, os.environ.get("PYTHONPATH"))))


if __name__ == "__main__":
    upgrade_here(Store(sys.stdin.read().strip()))
