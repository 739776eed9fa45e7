"""pasting: a rewrite as a user puts it into revision files."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from console.hazards.spelling import BEFORE, LATER
from tests.hazards.cases.case import NO_WAY_BACK, Case

MARK = "# in "
DOWNGRADE = "def downgrade():"


@dataclass(frozen=True)
class Pasted:
    """A revision made of a rewrite. What is done much later, once the code has changed (`is_late`),
    is a new decision, for which the old finding may come back."""

    up: str
    down: str = NO_WAY_BACK
    is_late: bool = False


def pasted(case: Case, rewrite: str) -> tuple[Pasted, ...]:
    """The safe way of a case: the revisions that its rewrite says."""
    if case.safe:
        return tuple(Pasted(body) for body in case.safe)
    parts = list(_parts(_decided(rewrite, case.fill)))
    first = parts[0][1]
    if first.startswith(DOWNGRADE):
        return (Pasted(case.keep, textwrap.dedent(first.removeprefix(DOWNGRADE)).strip()),)
    before = [Pasted(_body(code)) for mark, code in parts if mark == BEFORE]
    own = case.unsafe if before else "\n".join(filter(None, [case.keep, first]))
    after = [
        Pasted(_body(code), is_late=mark == LATER)
        for mark, code in parts
        if mark not in ("", BEFORE)
    ]
    return (*before, Pasted(_body(own)), *after)


def _decided(rewrite: str, fill: tuple[str, ...]) -> str:
    """A rewrite in which a person has decided what only a person can."""
    pieces = rewrite.split("…")
    assert len(pieces) == len(fill) + 1, f"{len(pieces) - 1} things to decide in:\n{rewrite}"
    return pieces[0] + "".join(word + piece for word, piece in zip(fill, pieces[1:], strict=True))


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """(mark, code) of each revision that a rewrite speaks of; the first has no mark."""
    mark, lines = "", list[str]()
    for line in text.splitlines():
        if line.startswith(MARK):
            yield mark, "\n".join(lines)
            mark, lines = line, []
        else:
            lines.append(line)
    yield mark, "\n".join(lines)


def _body(code: str) -> str:
    """Code that can stand in a function."""
    return code if ast.parse(code).body else f"{code}\npass"
