"""gone: what is not there any more after a rehearsal, whatever statement took it away."""

from __future__ import annotations

import re

from console.hazards.evidence import Evidence
from console.schema.catalogue import TableDifference


def tables(evidence: Evidence) -> list[str]:
    """Return the tables that are gone: with their schema, say."""
    return [table.name for table in _changed(evidence) if table.sign == "removed"]


def columns(evidence: Evidence) -> list[tuple[str, str]]:
    """Return (table, column) of those that are gone from tables which are still there."""
    return [
        (table.name, change.name)
        for table in _changed(evidence)
        for change in table.changes
        if (table.sign, change.kind, change.sign) == ("changed", "column", "removed")
        and change.name
    ]


def revision_of(evidence: Evidence, table: str) -> str:
    """Return the revision whose SQL is the last to speak of a table or of its schema; else the last
    of the plan."""
    words = {part.lower() for part in table.split(".")}
    spoken = [
        statement.revision
        for statement in evidence.statements()
        if words & {text.lower() for text in re.findall(r"\w+", statement.sql)}
    ]
    return (spoken or [step.revision for step in evidence.steps] or [""])[-1]


def _changed(evidence: Evidence) -> tuple[TableDifference, ...]:
    rehearsal = evidence.rehearsal
    return rehearsal.difference.tables if rehearsal and rehearsal.succeeded else ()
