"""plan: the ordered steps that take a target from where it stands to a chosen revision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.schema.catalogue import EMPTY_FINGERPRINT, read_catalogue
from console.schema.connection import read_only
from console.schema.digest import (
    Ingredient,
    combine,
    digest_of,
    file_digest,
    file_ingredients,
    naming,
)
from console.schema.errors import NothingToDo, UnknownDatabaseRevision, Unsupported
from console.schema.history import History, read_history
from console.schema.revision import Direction, Revision
from console.schema.route import find_route
from console.schema.standing import read_heads
from console.schema.target import Target, sqlite_file

__all__ = ["Direction", "Ingredient", "Plan", "Step", "gather", "make_plan", "observe"]

# The ingredients that are no files, named for people.
ORDER = "the order of revisions"
DATABASE = "the database"
HEADS = "where the database stands"
SCHEMA = "the schema of the database"
MOVED_BY_RUNS = (ORDER, HEADS, SCHEMA)  # what is another where a run has stopped half-way


@dataclass(frozen=True)
class Step:
    """One revision to run, up or down. `path` is relative to the script location's parent; `splits`
    are the directions in which its file opens an `autocommit_block()`."""

    revision: str
    direction: Direction
    message: str
    parents: tuple[str, ...]
    path: str
    sha256: str
    splits: tuple[Direction, ...] = ()

    @property
    def is_split(self) -> bool:
        """Whether this step leaves its transaction where the database lets it."""
        return self.direction in self.splits


@dataclass(frozen=True)
class Plan:
    """What would run: `start` heads, `goal` as asked for, `end` heads, steps in order.

    `digest` is the SHA-256 over `ingredients`: ordered revision ids, the bytes of every file on the
    path, env.py and the local modules that these import, the target's identity, the starting heads
    and a fingerprint of the live schema.
    """

    target: str
    identity: str
    goal: str
    direction: Direction
    start: tuple[str, ...]
    end: tuple[str, ...]
    steps: tuple[Step, ...]
    ingredients: tuple[Ingredient, ...]
    digest: str

    def changes_since(self, earlier: Plan) -> tuple[str, ...]:
        """In words, every ingredient in which this plan differs from `earlier`; empty if none."""
        then, now = _by_name(earlier.ingredients), _by_name(self.ingredients)
        changed = [f"{name} changed" for name in now if name in then and now[name] != then[name]]
        added = [f"{name} is new" for name in now if name not in then]
        gone = [f"{name} is gone" for name in then if name not in now]
        return tuple(changed + added + gone)


def _by_name(ingredients: Iterable[Ingredient]) -> dict[str, set[str]]:
    """The digests under each name: a file and its copy have the same one."""
    found: dict[str, set[str]] = {}
    for ingredient in ingredients:
        found.setdefault(ingredient.name, set()).add(ingredient.sha256)
    return found


def make_plan(target: Target, goal: str, history: History | None = None) -> Plan:
    """Return the plan that takes the target from where it stands to `goal`.

    `goal` is a revision (id, beginning of one, label), "head", "heads", "base", "+N", "-N", one of
    these on a branch, as in "label@head", or counted from, as in "head-1". For a revision the
    direction is decided by where the database stands. Reads the files and the database, changes neither.

    Raises NothingToDo, UnknownDatabaseRevision, UnknownRevision, AmbiguousRevision, MultipleHeads,
    BrokenRevision where a file on the path cannot be used, HistoryError for what else Alembic would
    refuse, and SQLAlchemy's errors when the database cannot be read.
    """
    history = history or read_history(target)
    heads, fingerprint = observe(target)
    unknown = tuple(name for name in heads if name not in history.by_id)
    if unknown:
        raise UnknownDatabaseRevision(unknown)
    route = find_route(history, heads, goal)
    if not route.ids:
        place = ", ".join(heads) or "its base"
        raise NothingToDo(f"There is nothing to do: the database stands at {place}.")
    direction: Direction = "up" if route.is_up else "down"
    revisions = [history.by_id[name] for name in route.ids]
    if history is not (fresh := _refreshed(target, history, revisions)):
        return make_plan(target, goal, fresh)
    name_of = naming(target)
    steps = tuple(
        Step(
            revision=revision.id,
            direction=direction,
            message=revision.message,
            parents=revision.parents,
            path=name_of(revision.path),
            sha256=revision.sha256,
            splits=revision.splits,
        )
        for revision in revisions
    )
    ingredients = gather(target, steps, heads, fingerprint, [r.path for r in revisions])
    return Plan(
        target=target.name,
        identity=target.identity,
        goal=goal,
        direction=direction,
        start=heads,
        end=route.end,
        steps=steps,
        ingredients=ingredients,
        digest=combine(ingredients),
    )


def observe(target: Target) -> tuple[tuple[str, ...], str]:
    """Return the heads of a target's database and the fingerprint of its schema, both read in one
    read-only transaction; those of an empty database where there is none yet. Raises Unsupported
    where there is no folder for it either, or something else than a file."""
    with read_only(target) as connection:
        if connection is None:
            _refuse_no_file(target)
            return (), EMPTY_FINGERPRINT
        catalogue = read_catalogue(connection, exclude=target.version_tables)
        return read_heads(connection, target), catalogue.fingerprint


def _refuse_no_file(target: Target) -> None:
    """A new SQLite database is made by the first plan, the folder that it lies in by nobody; and in the
    place of something else it cannot be made."""
    file = sqlite_file(target.parsed_url)
    if file is not None and file.exists():
        what = "a folder" if file.is_dir() else "no file"
        raise Unsupported(
            f"The database of '{target.name}' would be {file}, which is {what}. Move it away, or "
            "correct the URL."
        )
    if file is not None and not file.parent.is_dir():
        raise Unsupported(
            f"The database of '{target.name}' would be {file}, and there is no folder {file.parent}. "
            "Make the folder, mount it, or correct the URL."
        )


def gather(
    target: Target,
    steps: Sequence[Step],
    heads: Sequence[str],
    fingerprint: str,
    paths: Sequence[Path],
) -> tuple[Ingredient, ...]:
    """Return everything that a plan's digest covers, in a fixed order. `paths` are the files of the
    steps; their bytes are read anew. Raises OSError for a file that is gone."""
    return (
        Ingredient(ORDER, digest_of([[step.revision, step.direction] for step in steps])),
        Ingredient(DATABASE, digest_of(target.identity)),
        Ingredient(HEADS, digest_of(sorted(heads))),
        Ingredient(SCHEMA, fingerprint),
        *file_ingredients(target, paths),
    )


def _refreshed(target: Target, history: History, revisions: Sequence[Revision]) -> History:
    """Return `history`, or a new reading of it if a file on the path has changed in the meantime
    without its stamp showing it."""
    if all(r.path.is_file() and file_digest(r.path) == r.sha256 for r in revisions):
        return history
    return read_history(target, anew=True)
