"""Rules about constraints."""

from __future__ import annotations

from collections.abc import Iterator

from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.words import rows_of

SAYS_DUPLICATE = (
    "unique constraint failed",
    "duplicate key",
    "duplicate entry",
    "could not create unique",
)


@rule(
    "add-unique-with-duplicates",
    "error",
    "Rows that share a value break the new rule: the statement fails and the plan with it.",
)
def add_unique_with_duplicates(evidence: Evidence) -> Iterator[Finding]:
    """A unique constraint or index that the rehearsal could not make."""
    error = (evidence.rehearsal.error or "").lower() if evidence.rehearsal else ""
    if not any(words in error for words in SAYS_DUPLICATE):
        return
    for operation in evidence.operations("create_unique_constraint", "create_index"):
        is_unique = operation.name != "create_index" or operation.detail("unique") == "yes"
        if not is_unique or not evidence.failed_in(operation.revision):
            continue
        table, columns = operation.table, operation.detail("columns")
        yield Finding(
            operation.revision,
            f"{table}.{columns}",
            f"Some of the {rows_of(evidence.rows(table))} of {table} have the same {columns}.",
            f"# find them, and merge them in a revision before this one:\n"
            f"SELECT {columns}, count(*) FROM {table} GROUP BY {columns} HAVING count(*) > 1",
        )
