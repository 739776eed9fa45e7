"""clone: a throwaway copy of a target's database, gone again whatever happens."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from console.schema import mariadb_clone, postgresql_clone, sqlite_clone
from console.schema.cancel import Cancelled, never
from console.schema.dialects import dialect_of
from console.schema.errors import RunError
from console.schema.held import held_folder, orphaned
from console.schema.room import is_full, of_target
from console.schema.sample import Sample
from console.schema.target import Target

PREFIX = "console-clone-"
SERVERS = {
    "postgresql": postgresql_clone,
    "mysql": mariadb_clone,
    "mariadb": mariadb_clone,
}
# A file that says of a clone that it is a database on a server, named like its folder.
ON_SERVER = "on-the-server"
SCRATCH = Path(tempfile.gettempdir()) / f"console-scratch-{os.getuid()}"


@dataclass(frozen=True)
class Clone:
    """A copy: the target with its URL on the copy, how it was made in words, and milliseconds.

    `is_exact` unless some definitions are spelled in other words than in the source; `sample` where
    the source has more bytes than the target's limit, and the copy does not hold all rows.
    """

    target: Target
    how: str
    milliseconds: float
    is_exact: bool = True
    sample: Sample | None = None


@contextmanager
def clone_of(target: Target, workspace: Path, cancelled: Cancelled = never) -> Iterator[Clone]:
    """Copy the target's database, to a folder of its own below `workspace` or beside it on its
    server; remove the copy at the end.

    The source stays online. An SQLite file that does not exist yet gives an empty copy. Raises
    RunError if it cannot be copied (locked, no space left, no right to), Unsupported for other
    databases or without the tools that a copy takes, and RunCancelled where `cancelled`, which is asked
    all the time that it takes, says so.
    """
    dialect_of(target)
    url = target.parsed_url
    server = SERVERS.get(url.get_backend_name())
    with _folder(target, workspace) as folder:
        begun = time.perf_counter()
        try:
            if server is None:
                copied = sqlite_clone.copy(
                    url, folder / "clone.sqlite", target.rehearsal_limit, cancelled
                )
            else:
                (folder / ON_SERVER).touch()
                copied = server.copy(url, _database(folder), target.rehearsal_limit, cancelled)
        except (sqlite3.Error, OSError, SQLAlchemyError) as error:
            said = str(getattr(error, "orig", None) or error).rstrip(".")
            copy = _moved(target, url.set(database=str(folder / "clone.sqlite")))
            full = f" {of_target(copy if server is None else target)}" if is_full(error) else ""
            raise RunError(
                f"'{target.name}' could not be copied to {workspace}: {said}.{full}"
            ) from error
        spent = (time.perf_counter() - begun) * 1000
        moved = _moved(target, copied.url)
        yield Clone(moved, copied.how, spent, copied.is_exact, copied.sample)


@contextmanager
def scratch_of(target: Target) -> Iterator[Target]:
    """Yield the target with its URL on an empty database, gone at the end."""
    dialect_of(target)
    url = target.parsed_url
    server = SERVERS.get(url.get_backend_name())
    remove_orphans(SCRATCH, target)
    with _folder(target, SCRATCH) as folder:
        if server is None:
            yield _moved(target, url.set(database=str(folder / "scratch.sqlite"), query={}))
            return
        (folder / ON_SERVER).touch()
        yield _moved(target, server.create(url, _database(folder)))


def remove_orphans(workspace: Path, *targets: Target) -> tuple[str, ...]:
    """Remove the clones that killed processes left below `workspace`; return their names.

    A living owner holds a lock on its clone's folder, which the system frees when it dies. A clone
    on a server is removed when its target is among `targets`, and waits otherwise.
    """
    known = {target.key: target for target in targets}
    removed = []
    for folder in orphaned(workspace, PREFIX):
        if (folder / ON_SERVER).exists():
            target = known.get(folder.name.removeprefix(PREFIX).partition("-")[0])
            if target is None or not _drop(target.parsed_url, folder):
                continue
        shutil.rmtree(folder, ignore_errors=True)
        removed.append(folder.name)
    return tuple(removed)


def _drop(url: URL, folder: Path) -> bool:
    """Drop the database that belongs to a folder; False where the server does not let us now. The folder
    says that it is there until it is gone."""
    try:
        SERVERS[url.get_backend_name()].drop(url, _database(folder))
    except SQLAlchemyError:
        return False
    (folder / ON_SERVER).unlink()
    return True


def find_orphans(workspace: Path) -> tuple[str, ...]:
    """Return the names of the clones that killed processes left below `workspace`."""
    return tuple(folder.name for folder in orphaned(workspace, PREFIX))


def _moved(target: Target, url: URL) -> Target:
    """The target with another URL, which stands for its own."""
    real = target.stands_for or target.url
    return replace(target, url=url.render_as_string(hide_password=False), stands_for=real)


def _database(folder: Path) -> str:
    """The database that belongs to a folder."""
    return folder.name.replace("-", "_")


@contextmanager
def _folder(target: Target, workspace: Path) -> Iterator[Path]:
    """A locked folder below the workspace for as long as the clone lives."""
    with held_folder(workspace, f"{PREFIX}{target.key}-") as folder:
        try:
            yield folder
        finally:
            # A folder that stays is how the next one finds the database that does.
            if not (folder / ON_SERVER).exists() or _drop(target.parsed_url, folder):
                shutil.rmtree(folder, ignore_errors=True)
