"""Rules about what is known only when it runs."""

from __future__ import annotations

from collections.abc import Iterator

from console.hazards.blocks import unseen
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule

NAMED = 3  # lines that a finding names
SHOWN = 80  # characters of a statement


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
        is_sent = read.operation.name == "execute"  # a column may be computed, too
        if is_sent and read.operation.detail("computed") == "yes":
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


@rule(
    "dynamic-sql",
    "warning",
    "The server itself puts together what EXECUTE runs, or the block is in another language: neither the "
    "file nor the SQL that the rehearsal saw shows what is done.",
    instead="Write the statement out; or put it together in Python, so that the rehearsal sees what is "
    "sent.",
    databases=("postgresql", "mysql"),
)
def dynamic_sql(evidence: Evidence) -> Iterator[Finding]:
    """What a server runs as a text that is computed there; one finding a revision."""
    found: dict[str, list[str]] = {}
    for statement in evidence.statements():
        found.setdefault(statement.revision, []).extend(unseen(statement.sql))
    for revision, pieces in found.items():
        if pieces:
            first, more = " ".join(pieces[0].split()), len(pieces) - 1
            shown = first if len(first) <= SHOWN else f"{first[: SHOWN - 1]}…"
            others = f" and {more} more" if more else ""
            yield Finding(
                revision,
                first.split()[0].upper(),
                f"Nobody can tell before it runs what this does: {shown}{others}; that was not judged.",
                '# written out, or put together in Python, it is seen by the rehearsal:\nop.execute("…")',
            )
