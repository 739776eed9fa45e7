"""route: which revisions to run, in which order, to bring a database from its heads to a goal.

Alembic's own `RevisionMap` computes it, from revisions that were read and not imported, so that a
plan is what `alembic upgrade` and `alembic downgrade` would do.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from alembic.runtime.migration import HeadMaintainer, RevisionStep
from alembic.script import revision as alembic

from console.schema.errors import (
    AmbiguousRevision,
    BrokenRevision,
    HistoryError,
    MultipleHeads,
    SchemaError,
    UnknownRevision,
)
from console.schema.history import History
from console.schema.listing import enumerated
from console.schema.revision import Revision
from console.schema.syntax import BASE

LONGEST = 500  # characters of a goal: Python refuses to read numbers of thousands of digits
GOAL = re.compile(r"(?:(?P<branch>[^@]*)@)?(?P<symbol>[^@+-]+)?(?P<relative>[+-]\d+)?")
RELATIVE = re.compile(r"[+-]\d+\s*$")
T = TypeVar("T")


@dataclass(frozen=True)
class Route:
    """The ids to run in order, whether up, and the heads of the database afterwards."""

    ids: tuple[str, ...]
    is_up: bool
    end: tuple[str, ...]


class Node(alembic.Revision):
    """A revision as Alembic's map takes it; `reason` says why it cannot be run, if so."""

    module = type("Nothing", (), {"upgrade": None, "downgrade": None})

    def __init__(
        self, revision: Revision | None, name: str, reason: str | None = None, path: str = ""
    ) -> None:
        self.path = str(revision.path) if revision else path or name
        self.reason = reason
        parents = revision.parents if revision else ()
        depends_on = revision.depends_on if revision else ()
        labels = revision.labels if revision and reason is None else ()
        super().__init__(name, parents or None, depends_on or None, labels or None)


class Map(alembic.RevisionMap):
    """Alembic's map, with an order of dependencies that is the same in every process. Revisions know of
    the `labels` of their branches that a goal names, and of no others: to tell each revision of each
    takes minutes where thousands have one."""

    labels: frozenset[str] = frozenset()

    def _add_branches(self, revisions: Collection[Any], map_: Any) -> None:
        named = [revision for revision in revisions if self.labels & revision.branch_labels]
        super()._add_branches(named, map_)

    def _normalize_depends_on(self, revisions: Collection[Any], map_: Any) -> None:
        super()._normalize_depends_on(revisions, map_)
        for revision in revisions:
            revision._normalized_resolved_dependencies = tuple(
                sorted(revision._normalized_resolved_dependencies)
            )


class Heads(HeadMaintainer):
    """Alembic's bookkeeping of the version table, without a table."""

    def __init__(self, heads: Iterable[str]) -> None:
        self.heads = set(heads)

    def _insert_version(self, version: str) -> None:
        self.heads.add(version)

    def _delete_version(self, version: str) -> None:
        self.heads.remove(version)

    def _update_version(self, from_: str, to_: str) -> None:
        self.heads.remove(from_)
        self.heads.add(to_)


def find_route(history: History, heads: tuple[str, ...], goal: str) -> Route:
    """Return the route from `heads`, all of them known, to `goal`; its `ids` may be empty.

    Raises UnknownRevision, AmbiguousRevision, MultipleHeads, BrokenRevision where a file on the
    route cannot be used, and HistoryError for what else Alembic would refuse.
    """
    _refuse_base(history)
    text, ways = _parse(history, heads, goal)
    map_ = _translate(lambda: _make_map(history), goal)
    map_.labels = frozenset(label for label in history.by_label if label in text)
    is_up, nodes = _choose(map_, text, heads, ways, goal)
    for node in nodes:
        if node.reason is not None:
            raise BrokenRevision(node.path, node.reason)
    return Route(tuple(n.revision for n in nodes), is_up, _end(map_, nodes, heads, is_up))


def places_along(history: History, ids: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return what the version table of an empty database says after each of these, applied in order."""
    map_, end = _make_map(history), Heads(())
    places = []
    for name in ids:
        node = map_.get_revision(name)
        end.update_to_step(RevisionStep(map_, node, True))  # type: ignore[arg-type]  # see _end
        places.append(tuple(sorted(end.heads)))
    return tuple(places)


def _end(map_: Map, nodes: list[Node], heads: tuple[str, ...], is_up: bool) -> tuple[str, ...]:
    """What the version table says after the steps, by Alembic's own bookkeeping.

    Raises HistoryError where Alembic itself could not keep the table: it stumbles over a revision
    that depends on a descendant of its own parent.
    """
    end = Heads(heads)
    for node in nodes:
        step = RevisionStep(map_, node, is_up)  # type: ignore[arg-type]  # a Node stands for Alembic's Script
        try:
            end.update_to_step(step)
        except (KeyError, IndexError, AssertionError) as error:
            raise HistoryError(
                f"Alembic cannot record {node.revision} in the version table: one of its parents "
                "lies beneath what it depends on. Name what it depends on as its parent instead."
            ) from error
    return tuple(sorted(end.heads))


def _up(map_: Map, goal: str, heads: tuple[str, ...]) -> list[Node]:
    """What `alembic upgrade` would run, in order."""
    found = map_.iterate_revisions(goal, heads, implicit_base=True)
    return [node for node in reversed(list(found)) if isinstance(node, Node)]


def _down(map_: Map, goal: str, heads: tuple[str, ...]) -> list[Node]:
    """What `alembic downgrade` would run, in order."""
    found = map_.iterate_revisions(heads, goal, select_for_downgrade=True)
    return [node for node in found if isinstance(node, Node)]


def _choose(
    map_: Map, goal: str, heads: tuple[str, ...], ways: tuple[bool, ...], asked: str
) -> tuple[bool, list[Node]]:
    """The way that has something to run, of those that a goal may mean; whether it is up comes first.

    Alembic is told which one by its command. Here the database tells: what it lacks lies above it,
    and on the way down from it lies only what it has.
    """
    found: tuple[bool, list[Node]] | None = None
    error: HistoryError | None = None
    for is_up in ways:
        way = partial(_up if is_up else _down, map_, goal, heads)
        try:
            nodes = _translate(way, asked)
        except HistoryError as refused:
            error = error or refused
            continue
        if nodes:
            return is_up, nodes
        found, error = (is_up, nodes), None
    if error is not None:
        raise error
    assert found is not None
    return found


UP, DOWN, EITHER = (True,), (False,), (True, False)


def _parse(history: History, heads: tuple[str, ...], goal: str) -> tuple[str, tuple[bool, ...]]:
    """Read a goal: in full ids, as Alembic takes it, with the directions that it may mean."""
    if len(goal) > LONGEST:
        raise UnknownRevision(f"{goal[:40]}…")
    found = GOAL.fullmatch(goal.strip())
    if found is None or not goal.strip():
        raise UnknownRevision(goal)
    branch, symbol, relative = found.group("branch", "symbol", "relative")
    prefix = f"{_name(history, branch)}@" if branch else ""
    if symbol is None:
        if relative is None:
            raise UnknownRevision(goal)
        is_up = relative.startswith("+")
        if not is_up and not branch and len(heads) > 1:
            raise HistoryError(
                f"'{goal}' is ambiguous: the database stands at {enumerated(heads)}. "
                "Name the branch, as in 'label@-1', or the revision to go back to."
            )
        return prefix + relative, UP if is_up else DOWN
    if symbol in ("head", "heads"):
        _refuse_unknown_top(history)
    elif symbol != BASE:
        symbol = _name(history, symbol, branch)
    elif relative and relative.startswith("-"):
        raise HistoryError(f"'{goal}' goes further than the history does.")
    return f"{prefix}{symbol}{relative or ''}", _ways(symbol, relative)


def _ways(symbol: str, relative: str | None) -> tuple[bool, ...]:
    if symbol in ("head", "heads") and not relative:
        return UP
    return DOWN if symbol == BASE and not relative else EITHER


def _name(history: History, name: str, branch: str | None = None) -> str:
    """The full id, or the label as it is: to Alembic a label names a branch, too, but not that of a file
    which cannot be used. What only the branch can tell apart is left to Alembic."""
    labelled = history.by_label.get(name)
    if labelled is not None and labelled.is_broken and name not in history.by_id:
        raise BrokenRevision(str(labelled.path), labelled.problems[0].message)
    try:
        return name if labelled is not None else history.find(name).id
    except AmbiguousRevision:
        if branch:
            return name
        raise


def _refuse_unknown_top(history: History) -> None:
    """Refuse to call anything a head while a file cannot be read that may stand above it."""
    if history.broken:
        worst = history.broken[0]
        raise BrokenRevision(str(worst.path), worst.problems[0].message)


def _refuse_base(history: History) -> None:
    """Refuse a history in which Alembic's word for its beginning is a revision: no way is found in it."""
    for revision in history.broken:
        if revision.id == BASE:
            raise BrokenRevision(str(revision.path), revision.problems[0].message)


def _make_map(history: History) -> Map:
    """Alembic's map of a history. What is missing or broken is in it as a node that cannot be run,
    so that the sound part of a history can still be planned."""
    nodes: dict[str, Node] = {}
    for revision in history.in_file_order:
        if not revision.is_broken:
            nodes[revision.id] = Node(revision, revision.id)
    for revision in history.broken:
        circular = any(problem.code == "cycle" for problem in revision.problems)
        if revision.id not in nodes and not set("@-+:") & set(revision.id):
            reason = revision.problems[0].message
            nodes[revision.id] = Node(None if circular else revision, revision.id, reason)
    labels = {label for node in nodes.values() for label in node.branch_labels}
    for node in list(nodes.values()):
        for name in (*_tuple(node.down_revision), *_tuple(node.dependencies)):
            if name not in nodes and name not in labels:
                reason = f"It rests on '{name}', which is in no file."
                nodes[name] = Node(None, name, reason, node.path)
    return Map(lambda: nodes.values())


def _tuple(names: Any) -> tuple[str, ...]:
    """Alembic's None, text or collection as a tuple."""
    return () if not names else (names,) if isinstance(names, str) else tuple(names)


def _translate(compute: Callable[[], T], goal: str) -> T:
    """Compute, and turn Alembic's errors into ours."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compute()
    except SchemaError:
        raise
    except alembic.MultipleHeads as error:
        raise MultipleHeads(tuple(error.heads)) from error
    except alembic.ResolutionError as error:
        if "Multiple revisions start" in str(error):
            raise AmbiguousRevision(str(error.argument), ()) from error
        raise UnknownRevision(str(error.argument)) from error
    except alembic.RangeNotAncestorError as error:
        raise HistoryError(f"'{goal}' is not on the way from where the database stands.") from error
    except (alembic.RevisionError, AssertionError, KeyError) as error:
        raise HistoryError(_refusal(goal, str(error).rstrip("."))) from error


def _refusal(goal: str, why: str) -> str:
    """Why Alembic's map does not lead to a goal; some of its refusals are assertions without a word."""
    if "Ambiguous" in why:
        return (
            f"'{goal}' is ambiguous: several revisions are equally near. Name the branch, as in "
            "'label@+1', or the revision itself."
        )
    if "Walked too far" in why or "didn't produce" in why:
        return f"'{goal}' goes further than the history does."
    if not why and RELATIVE.search(goal):
        or_else = ", or the database is not on that branch" if "@" in goal else ""
        return f"'{goal}' goes further than the history does{or_else}."
    return f"'{goal}' cannot be planned: {why or 'it leads to no revision, or to several'}."
