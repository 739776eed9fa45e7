"""The graph's lines lead from every revision to exactly what it rests on."""

from pathlib import Path

import pytest

from console.schema.graph import lay_out
from console.schema.history import build_history
from console.schema.revision import Problem, Revision
from tests.histories.script_folder import line, target_of, write_folder


def history_of(**parents):
    return build_history(
        tuple(
            Revision(name, tuple(below.split()), Path(f"/{name}.py"), name, "")
            for name, below in parents.items()
        )
    )


def leads_to(history):
    """Follow every line of the graph down; return for each revision where its lines end."""
    rows = lay_out(history)
    ends = {row.revision: set() for row in rows}
    carried: dict[int, set[str]] = {}
    for row in rows:
        for name in carried.pop(row.lane, set()):
            ends[name].add(row.revision)
        following: dict[int, set[str]] = {}
        for edge in row.edges:
            names = {row.revision} if edge.from_lane == row.lane else carried[edge.from_lane]
            following.setdefault(edge.to_lane, set()).update(names)
        assert set(carried) <= {edge.from_lane for edge in row.edges}
        assert all(max(e.from_lane, e.to_lane) < row.lanes for e in row.edges)
        carried = following
    assert carried == {}
    return ends


def test_a_line_stays_in_one_lane(tmp_path):
    from console.schema.history import read_history

    target = target_of(write_folder(tmp_path / "migrations", line("aaaa", "bbbb", "cccc")))
    rows = lay_out(read_history(target))
    assert [(row.revision, row.lane, row.lanes) for row in rows] == [
        ("cccc", 0, 1),
        ("bbbb", 0, 1),
        ("aaaa", 0, 1),
    ]
    assert rows[-1].edges == ()


@pytest.mark.parametrize(
    "parents",
    [
        {"a": "", "b": "a", "c": "a", "d": "b c", "e": "d"},
        {"a": "", "b": "", "c": "a b", "d": "c", "e": "c", "f": "c", "g": "d e f"},
        {"a": "", "b": "a", "c": "a", "d": "b", "e": "c", "f": "d e", "g": "b", "h": "f g"},
        {"a": "", "b": "", "c": ""},
        {"a": "", "b": "a", "c": "a", "d": "a", "e": "b", "f": "e"},
    ],
)
def test_lines_end_at_the_parents(parents):
    history = history_of(**parents)
    assert leads_to(history) == {name: set(below.split()) for name, below in parents.items()}


def test_a_fork_has_two_lanes_and_a_merge_joins_them():
    rows = lay_out(history_of(a="", b="a", c="a", d="b c"))
    assert [row.lane for row in rows] == [0, 0, 1, 0]
    assert max(row.lanes for row in rows) == 2


def test_a_dependency_is_told_from_a_parent():
    one = Revision("a", (), Path("/a.py"), "", "")
    two = Revision("b", (), Path("/b.py"), "", "", depends_on=("a",))
    rows = lay_out(build_history((one, two)))
    assert rows[0].is_dependency == (True,)


def test_a_broken_file_stands_alone():
    problem = (Problem("syntax-error", "no"),)
    broken = Revision("x", (), Path("/x.py"), "", "", problems=problem, is_broken=True)
    sound = Revision("a", (), Path("/a.py"), "", "")
    rows = lay_out(build_history((broken, sound)))
    assert [(row.revision, row.edges) for row in rows] == [("a", ()), ("x", ())]
