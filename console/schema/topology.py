"""topology: an order of a graph in which every node stands before what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def newest_first(
    nodes: Sequence[str], below: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Order `nodes` so that each stands before those in its `below`, keeping a line together.

    Nodes are given in order of preference, the first to be placed first. Returns the order, and
    the nodes that stand on a cycle or beneath one and so have no place in it.
    """
    waiting = dict.fromkeys(nodes, 0)
    for node in waiting:
        for other in below.get(node, ()):
            if other in waiting:
                waiting[other] += 1
    rank = {node: position for position, node in enumerate(nodes)}
    stack = [node for node in reversed(nodes) if waiting[node] == 0]
    order: list[str] = []
    while stack:
        node = stack.pop()
        order.append(node)
        free = []
        for other in below.get(node, ()):
            if other in waiting:
                waiting[other] -= 1
                if waiting[other] == 0:
                    free.append(other)
        # The first parent continues the line, so it goes on top.
        stack.extend(reversed(free) if len(free) < 3 else sorted(free, key=lambda n: -rank[n]))
    placed = set(order)
    return tuple(order), tuple(node for node in nodes if node not in placed)


def on_cycles(nodes: Sequence[str], below: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return those of `nodes` that lie on a cycle, or between two."""
    _, left = newest_first(nodes, below)
    above: dict[str, list[str]] = {node: [] for node in left}
    for node in left:
        for other in below.get(node, ()):
            if other in above:
                above[other].append(node)
    _, core = newest_first(left, above)
    return core


def reach(starts: Sequence[str], below: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return `starts` and everything that they rest on."""
    seen: set[str] = set()
    todo = list(starts)
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo.extend(below.get(node, ()))
    return frozenset(seen)
