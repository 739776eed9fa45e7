"""graph: a history drawn in lanes, one row for each revision, as values to draw text or SVG from."""

from __future__ import annotations

from dataclasses import dataclass

from console.schema.history import History


@dataclass(frozen=True)
class Edge:
    """A line from a lane of one row to a lane of the next row below."""

    from_lane: int
    to_lane: int


@dataclass(frozen=True)
class GraphRow:
    """One revision: its `lane` (0 is leftmost), how many `lanes` the row has, and the lines that
    lead down to the next row, those of other branches that pass by included. `is_dependency` tells
    of each edge, in the same order, whether it only leads to something depended on."""

    revision: str
    lane: int
    lanes: int
    edges: tuple[Edge, ...]
    is_dependency: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Line:
    """A line on its way down to a revision."""

    to: str
    is_dependency: bool = False


def lay_out(history: History) -> tuple[GraphRow, ...]:
    """Return a row for each of `history.revisions`, in their order. Broken files stand alone."""
    open_lines: list[Line | None] = []
    rows = []
    for revision in history.revisions:
        below = () if revision.is_broken else history.below.get(revision.id, ())
        below = tuple(name for name in below if not history.by_id[name].is_broken)
        lane = _lane_of(open_lines, revision.id)
        arriving = [None if line and line.to == revision.id else line for line in open_lines]
        after = list(arriving)
        lines = [Line(name, name not in revision.parents) for name in below]
        edges = []
        for line in lines:
            place = _place(after, line, lane)
            edges.append((Edge(lane, place), line.is_dependency))
        for place, passing in enumerate(arriving):
            if passing is not None:
                edges.append((Edge(place, place), passing.is_dependency))
        while after and after[-1] is None:
            after.pop()
        edges = sorted(dict.fromkeys(edges), key=lambda e: (e[0].from_lane, e[0].to_lane))
        rows.append(
            GraphRow(
                revision.id,
                lane,
                max(len(open_lines), len(after), lane + 1),
                tuple(edge for edge, _ in edges),
                tuple(is_dependency for _, is_dependency in edges),
            )
        )
        open_lines = after
    return tuple(rows)


def _lane_of(lines: list[Line | None], revision: str) -> int:
    """The lane in which a revision stands: that of the first line to it, else the first free one."""
    for lane, line in enumerate(lines):
        if line is not None and line.to == revision:
            return lane
    return _free(lines)


def _free(lines: list[Line | None]) -> int:
    """The first lane without a line."""
    return next((lane for lane, line in enumerate(lines) if line is None), len(lines))


def _place(lines: list[Line | None], line: Line, lane: int) -> int:
    """Put a line into a lane and return it: one that already leads there, else the revision's own,
    else the first free one."""
    for place, other in enumerate(lines):
        if other is not None and other.to == line.to:
            if other.is_dependency and not line.is_dependency:
                lines[place] = line
            return place
    place = lane if lane < len(lines) and lines[lane] is None else _free(lines)
    if lane >= len(lines):
        place = lane
    lines.extend([None] * (place + 1 - len(lines)))
    lines[place] = line
    return place
