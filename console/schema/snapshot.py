"""snapshot: a private copy of a target's script folder, so that what runs is what was digested."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

from console.schema.digest import FOREIGN, IRRELEVANT, file_digest, leads_back, walk
from console.schema.errors import (
    HistoryError,
    NothingToDo,
    PlanChanged,
    RunError,
    UnknownDatabaseRevision,
)
from console.schema.held import held_folder, orphaned
from console.schema.history import read_history
from console.schema.plan import Plan, make_plan
from console.schema.roots import with_roots
from console.schema.syntax import SYNTAX_ERROR
from console.schema.target import Target

PREFIX = "console-scripts-"
TEMPLATES = "*.mako"  # no part of a plan, and needed to write new revisions


def _left_out(folder: str, names: list[str]) -> set[str]:
    """What a snapshot has not: whatever is not in the digest would run without having been approved."""
    patterns = [pattern for pattern in IRRELEVANT if pattern != TEMPLATES]
    return {
        name
        for name in names
        if name in FOREIGN
        or not _can_be_read(Path(folder) / name)
        or (
            name.startswith(".")
            if (Path(folder) / name).is_dir()
            else any(fnmatch(name, pattern) for pattern in patterns)
        )
    }


def _can_be_read(path: Path) -> bool:
    """Whether this is a file or a folder: a link may lead nowhere or to itself, a pipe gives nothing until
    somebody writes to it, and a device has no end."""
    return path.is_file() or path.is_dir()


@contextmanager
def snapshot_of(target: Target) -> Iterator[Target]:
    """Copy the script folder, the version folders, alembic.ini and pyproject.toml to where they lie, below
    a folder of ours, and yield the target with its paths into the copy. The copy is removed at the end.

    Revision files that are no Python are left out: they cannot be on a plan's path, and Alembic
    would stumble over them. Raises RunError without an env.py, and where
    a link leads back to a folder that it lies in; OSError where a folder cannot be read.
    """
    folders = [target.script_location, *target.version_locations]
    folders = [folder.absolute() for folder in folders]
    if not (folders[0] / "env.py").is_file():
        raise RunError(f"{folders[0] / 'env.py'} is missing. Without it no revision can run.")
    root = Path(folders[0].anchor)  # all of them, so that `..` leads where it would
    with _folder() as copy:
        for number, folder in enumerate(folders):
            place = copy / folder.relative_to(root)
            came_along = place.is_dir() and any(map(folder.is_relative_to, folders[:number]))
            if folder.is_dir() and not came_along:
                _refuse_circles(folder)
                shutil.copytree(folder, place, ignore=_left_out, dirs_exist_ok=True)
        places = tuple(copy / folder.relative_to(root) for folder in folders)
        # What revision files import from beside the script folder is still found there.
        last = (*with_roots(target).last_paths, folders[0].parent)
        moved = replace(
            target,
            script_location=places[0],
            version_locations=places[1:],
            last_paths=last,
            origin=target.origin or folders[0],
        )
        _leave_out_broken(moved)
        yield _with_settings(moved, copy)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for one copy; those that killed processes have left are removed, too."""
    place = Path(tempfile.gettempdir()).resolve()
    for orphan in orphaned(place, PREFIX):
        shutil.rmtree(orphan, ignore_errors=True)
    with held_folder(place, PREFIX) as folder:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _refuse_circles(folder: Path) -> None:
    for here, _ in walk(folder):
        if leads_back(folder, here):
            raise RunError(
                f"{here} is a link that leads back to {here.resolve()}, in which it lies, so that no "
                "copy of the folder has an end. Take the link out."
            )


def _with_settings(target: Target, copy: Path) -> Target:
    """The target with its alembic.ini and pyproject.toml in the copy. To whoever reads them, they lie
    where they lay."""
    files = {"ini": target.ini, "toml": target.toml}
    moved = {name: _copied(file, copy) for name, file in files.items() if file is not None}
    first = target.ini or target.toml
    here = target.here or (first.absolute().parent if first else None)
    return replace(target, **moved, here=here)  # type: ignore[arg-type]  # mypy takes the names for any


def _copied(file: Path, copy: Path) -> Path:
    file = file.absolute()
    place = copy / file.relative_to(file.anchor)
    if not place.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
    return place


def _leave_out_broken(snapshot: Target) -> None:
    """Remove the revision files that are no Python. What is read here is not parsed again to verify it."""
    for revision in read_history(snapshot).in_file_order:
        if any(problem.code == SYNTAX_ERROR for problem in revision.problems):
            revision.path.unlink()


def verify(plan: Plan, snapshot: Target, original: Target) -> None:
    """Make the plan again from the bytes of the snapshot; raise PlanChanged where they differ."""
    try:
        now = make_plan(replace(snapshot, last_paths=original.last_paths), plan.goal)
    except (NothingToDo, UnknownDatabaseRevision) as error:
        moved = (f"the database has moved on ({error})",)
        raise PlanChanged(_changed_files(plan, original) or moved) from error
    except HistoryError as error:
        raise PlanChanged(_changed_files(plan, original) or (str(error),)) from error
    if now.digest != plan.digest:
        raise PlanChanged(now.changes_since(plan) or ("the steps are others",))


def _changed_files(plan: Plan, target: Target) -> tuple[str, ...]:
    """Name the files of a plan's steps that are gone or no longer what they were."""
    roots = [folder.parent for folder in (target.script_location, *target.version_locations)]
    changes = []
    for step in plan.steps:
        places = [root / step.path for root in roots if (root / step.path).is_file()]
        if not places:
            changes.append(f"{step.path} is gone")
        elif file_digest(places[0]) != step.sha256:
            changes.append(f"{step.path} changed")
    return tuple(changes)
