"""graph: a history's lanes drawn in characters, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from console.schema.graph import Edge, GraphRow

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
LINES = {
    UP | DOWN: "│",
    LEFT | RIGHT: "─",
    UP | RIGHT: "╰",
    UP | LEFT: "╯",
    DOWN | RIGHT: "╭",
    DOWN | LEFT: "╮",
    UP | DOWN | RIGHT: "├",
    UP | DOWN | LEFT: "┤",
    UP | LEFT | RIGHT: "┴",
    DOWN | LEFT | RIGHT: "┬",
    UP | DOWN | LEFT | RIGHT: "┼",
}
DEPENDS = {"│": "┊", "─": "╌"}


def draw(rows: tuple[GraphRow, ...], marks: dict[str, str]) -> Iterator[tuple[str, str | None]]:
    """Yield every line of a drawing, newest revision first: its characters, and the revision that
    stands on it (None on a line that only leads on).

    `marks` is one character for each revision. A line to something depended on is dotted; one that
    is crossed by another passes in front of it.
    """
    passing: dict[int, bool] = {}
    for row in rows:
        yield _standing(row, passing, marks[row.revision]), row.revision
        if any(edge.from_lane != edge.to_lane for edge in row.edges):
            yield _leading(row), None
        passing = _below(row)


def _below(row: GraphRow) -> dict[int, bool]:
    """The lanes that have a line below a row, and whether it only leads to something depended on."""
    lanes: dict[int, bool] = {}
    for edge, is_dependency in _edges(row):
        lanes[edge.to_lane] = is_dependency and lanes.get(edge.to_lane, True)
    return lanes


def _edges(row: GraphRow) -> list[tuple[Edge, bool]]:
    """The edges of a row, each with whether it is a dependency."""
    flags = row.is_dependency or (False,) * len(row.edges)
    return list(zip(row.edges, flags, strict=True))


def _standing(row: GraphRow, passing: dict[int, bool], mark: str) -> str:
    """The line on which a revision stands, with what passes by."""
    width = max([row.lane, *passing]) + 1
    cells = []
    for lane in range(width):
        line = "┊" if passing.get(lane) else "│"
        cells.append(mark if lane == row.lane else line if lane in passing else " ")
    return " ".join(cells).rstrip()


def _leading(row: GraphRow) -> str:
    """The line between two revisions on which lines leave the upper one's lane."""
    strokes: dict[int, int] = {}
    solid: set[int] = set()
    straight = {2 * edge.from_lane for edge in row.edges if edge.from_lane == edge.to_lane}
    for edge, is_dependency in _edges(row):
        for place, stroke in _path(edge):
            if stroke == LEFT | RIGHT and place in straight:
                continue  # what it crosses is drawn in front
            strokes[place] = strokes.get(place, 0) | stroke
            if not is_dependency:
                solid.add(place)
    return "".join(
        _character(strokes.get(place, 0), place in solid) for place in range(max(strokes) + 1)
    )


def _path(edge: Edge) -> Iterator[tuple[int, int]]:
    """The places that a line goes through, each with its strokes; lanes are two places apart."""
    start, end = 2 * edge.from_lane, 2 * edge.to_lane
    if start == end:
        yield start, UP | DOWN
        return
    step, ahead, back = (1, RIGHT, LEFT) if end > start else (-1, LEFT, RIGHT)
    yield start, UP | ahead
    for place in range(start + step, end, step):
        yield place, LEFT | RIGHT
    yield end, DOWN | back


def _character(strokes: int, is_solid: bool) -> str:
    character = LINES.get(strokes, " ")
    return character if is_solid else DEPENDS.get(character, character)
