"""place: the line of a revision file that a hazard is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from console.hazards.hazard import Hazard
from console.hazards.reading import Read

WRITES_ROWS = ("dml-without-where", "ddl-with-backfill", "truncate")


def line_of(hazard: Hazard, reads: Sequence[Read], source: str) -> int:
    """Return the line that a hazard names; else that of the operation on its subject; else the first
    one that speaks of it; else that of the function. `reads` are the operations of its file."""
    if hazard.subject.startswith("line "):
        return int(hazard.subject.removeprefix("line "))
    if hazard.code.endswith("-downgrade"):
        return _first(source, r"def downgrade\b") or 1
    scores = [(_score(hazard, read), -read.line) for read in reads]
    best, line = max(scores, default=(0, 0))
    if best:
        return -line
    whole, last = re.escape(hazard.subject), re.escape(hazard.subject.rpartition(".")[2])
    named = _first(source, rf"\b{whole}\b") or _first(source, rf"\b{last}\b")
    return named or _first(source, r"def upgrade\b") or 1


def _score(hazard: Hazard, read: Read) -> int:
    """How well an operation fits the subject of a hazard: 0 not at all."""
    table, _, rest = hazard.subject.partition(".")
    operation = read.operation
    said = {value for _, value in operation.details} | {operation.column}
    speaks = re.search(rf"\b{re.escape(table)}\b", operation.detail("sql") or "") is not None
    score = int(operation.table == table or speaks) + 2 * bool(rest and rest in said)
    return score + int(speaks and hazard.code in WRITES_ROWS)


def _first(source: str, pattern: str) -> int | None:
    """The first line that a pattern is found in."""
    found = re.search(pattern, source)
    return source.count("\n", 0, found.start()) + 1 if found else None
