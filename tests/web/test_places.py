"""The strokes of the graph."""

from __future__ import annotations

from console.schema.graph import Edge, GraphRow
from console.web.places import LANE, MARGIN, _strokes


def test_an_edge_is_drawn_in_two_halves_that_meet_at_the_border_of_two_rows():
    above = GraphRow("b", 0, 2, (Edge(0, 0), Edge(0, 1)))
    below = GraphRow("a", 1, 2, ())
    down = _strokes(None, above)
    arriving = _strokes(above, below)
    assert [(line.y1, line.y2) for line in down] == [(50, 100), (50, 100)]
    assert [(line.y1, line.y2) for line in arriving] == [(0, 50), (0, 50)]
    assert [line.x2 for line in down] == [line.x1 for line in arriving]
    assert arriving[1].x2 == MARGIN + LANE
