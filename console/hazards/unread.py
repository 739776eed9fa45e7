"""Rules about what reading a file does not tell."""

from __future__ import annotations

from collections.abc import Iterator

from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule

NAMED = 3  # lines that a finding names


@rule(
    "unread-statement",
    "warning",
    "What such a line sends, or what it is about, is known only when it runs: reading the file does "
    "not judge it.",
    instead="Judge it by a rehearsal, which sees what is sent; or write the statement out.",
)
def unread_statement(evidence: Evidence) -> Iterator[Finding]:
    """Statements that are computed, in files that are read and not run; one finding a revision."""
    reads = evidence.sketch.reads if evidence.sketch and evidence.rehearsal is None else ()
    lines: dict[str, list[int]] = {}
    for read in reads:
        if read.operation.detail("computed") == "yes":
            lines.setdefault(read.operation.revision, []).append(read.line)
    for revision, found in lines.items():
        first, *others = sorted(set(found))
        named = ", ".join(str(line) for line in others[: NAMED - 1])
        more = f" and {len(others) - NAMED + 1} more" if len(others) >= NAMED else ""
        where = f"Lines {first}, {named}{more} send" if others else f"Line {first} sends"
        yield Finding(
            revision,
            f"line {first}",
            f"{where} what is computed; that was not judged.",
            "# manage.py lint --rehearse sees what is sent",
        )
