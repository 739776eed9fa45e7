"""Graphs are put in order, and circles found."""

from hypothesis import given
from hypothesis import strategies as st

from console.schema.topology import newest_first, on_cycles, reach

BELOW = {"d": ("b", "c"), "c": ("a",), "b": ("a",), "a": ()}


def test_each_stands_before_what_it_rests_on():
    assert newest_first("abcd", BELOW) == (("d", "b", "c", "a"), ())


def test_what_is_on_a_circle_or_beneath_has_no_place():
    below = {"a": ("b",), "b": ("a", "c"), "c": (), "d": ("a",)}
    order, left = newest_first("abcd", below)
    assert order == ("d",)
    assert left == ("a", "b", "c")
    assert on_cycles("abcd", below) == ("a", "b")


def test_reach_takes_all_that_is_rested_on():
    assert reach(["c"], BELOW) == {"c", "a"}
    assert reach([], BELOW) == frozenset()


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40))
def test_any_graph_without_circles_is_ordered_whole(pairs):
    below = {str(n): tuple({str(b) for a, b in pairs if a == n and b < n}) for n in range(13)}
    order, left = newest_first([str(n) for n in range(13)], below)
    assert left == ()
    place = {node: position for position, node in enumerate(order)}
    assert all(place[node] < place[other] for node in below for other in below[node])
    assert on_cycles(list(below), below) == ()
