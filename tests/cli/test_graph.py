"""The graph in characters: lines lead on, cross and join where the history does."""

from __future__ import annotations

from pathlib import Path

from console.cli.graph import draw
from console.schema.graph import lay_out
from console.schema.history import build_history
from console.schema.revision import Revision


def drawing(depends: dict[str, str] | None = None, /, **parents: str) -> list[str]:
    history = build_history(
        tuple(
            Revision(
                name,
                tuple(below.split()),
                Path(f"/{name}.py"),
                name,
                "",
                depends_on=tuple((depends or {}).get(name, "").split()),
            )
            for name, below in parents.items()
        )
    )
    lines = draw(lay_out(history), dict.fromkeys(parents, "○"))
    return [f"{characters} {name or ''}".rstrip() for characters, name in lines]


def test_a_line_of_revisions_stays_straight() -> None:
    assert drawing(a="", b="a", c="b") == ["○ c", "○ b", "○ a"]


def test_a_merge_opens_a_lane_and_a_branch_point_closes_it() -> None:
    assert drawing(a="", b="a", c="a", d="b c") == [
        "○ d",
        "├─╮",
        "○ │ b",
        "│ ○ c",
        "├─╯",
        "○ a",
    ]


def test_a_dependency_is_dotted() -> None:
    drawn = drawing({"y": "a"}, a="", b="a", y="")
    assert any("┊" in line or "╌" in line for line in drawn)


def test_what_is_crossed_passes_in_front() -> None:
    drawn = drawing(a="", b="a", c="a", d="b", e="c", f="d e", g="b", h="f g")
    assert "├─│─╮" in drawn
