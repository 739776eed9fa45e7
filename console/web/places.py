"""places: where a target's database stands in its history, ready to be drawn."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.exc import SQLAlchemyError

from console.schema.errors import SchemaError
from console.schema.graph import Edge, GraphRow, lay_out
from console.schema.history import History, read_history
from console.schema.revision import Revision
from console.schema.standing import Standing, read_standing
from console.schema.target import Target
from console.services.audit import AuditEntry, list_entries
from console.store.store import Store

log = logging.getLogger(__name__)

State = Literal["here", "applied", "pending", "broken"]
LANE, MARGIN = 18, 14


@dataclass(frozen=True)
class Place:
    """A target, its history, and its standing; `error` is a sentence where it is not known where the
    database stands, `reason` another where that is not because it did not answer."""

    target: Target
    history: History
    standing: Standing | None
    error: str | None = None
    reason: str | None = None

    def state_of(self, revision: Revision) -> State:
        """What a revision is to this database."""
        if revision.is_broken:
            return "broken"
        if self.standing is None or revision.id not in self.standing.applied:
            return "pending"
        return "here" if revision.id in self.standing.heads else "applied"

    @property
    def pending(self) -> tuple[Revision, ...]:
        """What the database has not had yet, oldest first."""
        if self.standing is None:
            return ()
        return tuple(self.history.find(name) for name in self.standing.pending)

    @property
    def is_empty(self) -> bool:
        """Whether no revision is applied."""
        return self.standing is not None and not self.standing.heads

    @property
    def outside(self) -> tuple[str, ...]:
        """Revisions that the database claims to have and no file carries."""
        return self.standing.unknown if self.standing else ()


@dataclass(frozen=True)
class Line:
    """A stroke of the graph inside one row, x in pixels, y in per cent of the row's height."""

    x1: float
    y1: int
    x2: float
    y2: int
    is_dependency: bool = False


@dataclass(frozen=True)
class Row:
    """One revision in the graph: its dot, the strokes around it, and how wide the graph is."""

    revision: Revision
    state: State
    is_head: bool
    x: float
    lines: tuple[Line, ...]
    width: int


def look(target: Target) -> Place:
    """Read the files, then ask the database where it stands; a database that does not answer is no error."""
    history = read_history(target)
    try:
        return Place(target, history, read_standing(target, history))
    except SchemaError as error:
        log.warning("%s does not say where it stands: %s", target.name, error)
        unknown = f"It is not known where '{target.name}' stands."
        return Place(target, history, None, unknown, str(error))
    except (SQLAlchemyError, OSError):
        log.exception("%s did not say where it stands", target.name)
        return Place(
            target,
            history,
            None,
            f"The database of '{target.name}' did not answer, so it is not known where it stands.",
        )


def draw(place: Place) -> tuple[Row, ...]:
    """The rows of the graph, newest first."""
    laid = lay_out(place.history)
    width = MARGIN * 2 + LANE * (max((row.lanes for row in laid), default=1) - 1)
    above: GraphRow | None = None
    rows = []
    for revision, row in zip(place.history.revisions, laid, strict=True):
        rows.append(
            Row(
                revision=revision,
                state=place.state_of(revision),
                is_head=revision.id in place.history.heads,
                x=_x(row.lane),
                lines=_strokes(above, row),
                width=width,
            )
        )
        above = row
    return tuple(rows)


def _strokes(above: GraphRow | None, row: GraphRow) -> tuple[Line, ...]:
    """Each edge is drawn in two halves that meet at the border between two rows."""
    incoming = [
        Line((_x(edge.from_lane) + _x(edge.to_lane)) / 2, 0, _x(edge.to_lane), 50, depends)
        for edge, depends in _edges(above)
    ]
    outgoing = [
        Line(_x(edge.from_lane), 50, (_x(edge.from_lane) + _x(edge.to_lane)) / 2, 100, depends)
        for edge, depends in _edges(row)
    ]
    return tuple(incoming + outgoing)


def _edges(row: GraphRow | None) -> tuple[tuple[Edge, bool], ...]:
    """The edges of a row, and of each whether it is a dependency only."""
    if row is None:
        return ()
    return tuple(zip(row.edges, row.is_dependency or (False,) * len(row.edges), strict=True))


def _x(lane: int) -> float:
    return MARGIN + LANE * lane


def moved_outside(store: Store, place: Place) -> AuditEntry | None:
    """What was recorded about a move without the console, while the database still stands there."""
    if place.standing is None:
        return None
    entries = list_entries(store, action="target.moved-outside", limit=20)
    newest = next((entry for entry in entries if entry.subject == place.target.name), None)
    if newest and sorted(newest.data.get("after", ())) == sorted(place.standing.heads):
        return newest
    return None
