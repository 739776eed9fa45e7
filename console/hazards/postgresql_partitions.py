"""Rules about partitions on PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.clauses import clauses, known_name, promised, sentences, sized
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import NEXT, autocommit, execute, plain, quoter
from console.hazards.words import NAME
from console.schema.sqltext import tokens

POSTGRESQL = ("postgresql",)
ATTACH = re.compile(rf"^ATTACH PARTITION {NAME} (?P<bounds>.*)$", re.IGNORECASE)
DETACH = re.compile(rf"^DETACH PARTITION {NAME}$", re.IGNORECASE)


@rule(
    "attach-partition",
    "error",
    "PostgreSQL reads all rows of the table that becomes a partition while nobody else can even read "
    "it, unless a validated CHECK has promised already that they belong there.",
    instead="Add the bounds as a CHECK NOT VALID, validate it in the next revision, attach, and drop the "
    "CHECK.",
    databases=POSTGRESQL,
)
def attach_partition(evidence: Evidence) -> Iterator[Finding]:
    """ATTACH PARTITION of a table that was there and whose rows nothing speaks for."""
    for sentence in sentences(evidence):
        head, _, action = sentence.text.partition(" ATTACH ")
        found = ATTACH.match(f"ATTACH {action}")
        child = known_name(evidence, found[1], sentence.names) if found else ""
        if found is None or not evidence.was_there(child) or evidence.rows(child) == 0:
            continue
        if _is_promised(evidence, child, found["bounds"]):
            continue
        q, check = quoter(evidence), f"{plain(child)}_bounds"
        yield sized(
            evidence,
            sentence.revision,
            child,
            child,
            f"All of {child} is read under the lock, to see whether its rows belong there.",
            "\n".join(
                [
                    execute(
                        f"ALTER TABLE {q(child)} ADD CONSTRAINT {q(check)} CHECK (…) NOT VALID"
                    ),
                    NEXT,
                    execute(f"ALTER TABLE {q(child)} VALIDATE CONSTRAINT {q(check)}"),
                    NEXT,
                    execute(f"{head} ATTACH {action}"),
                    execute(f"ALTER TABLE {q(child)} DROP CONSTRAINT {q(check)}"),
                ]
            ),
        )


def _is_promised(evidence: Evidence, table: str, bounds: str) -> bool:
    """Whether a CHECK that holds for every row names all the values of these bounds; which rows it
    lets through nobody can tell from its text."""
    values = _values(bounds)
    return bool(values) and any(values <= _values(check) for check in promised(evidence, table))


def _values(text: str) -> set[str]:
    return {word for kind, word in tokens(text) if kind in ("number", "string")}


@rule(
    "detach-partition",
    "warning",
    "DETACH PARTITION keeps everybody from the whole table, all its partitions among it, until the plan has "
    "ended; and first it waits for everybody who uses any of them, with all who come later behind it.",
    instead="Detach it CONCURRENTLY, inside an autocommit_block(), in a revision of its own.",
    databases=POSTGRESQL,
)
def detach_partition(evidence: Evidence) -> Iterator[Finding]:
    """DETACH PARTITION without CONCURRENTLY, of a table that was there."""
    for clause in clauses(evidence):
        found = DETACH.match(clause.text)
        if found is None:
            continue
        q, table, child = (
            quoter(evidence),
            clause.table,
            known_name(evidence, found[1], clause.names),
        )
        detach = f"ALTER TABLE {q(table)} DETACH PARTITION {q(child)} CONCURRENTLY"
        yield Finding(
            clause.revision,
            f"{table}.{child}",
            f"Nobody can use {table} from when {child} is detached until the plan has ended.",
            f"# PostgreSQL refuses it where {table} has a DEFAULT partition\n{autocommit(execute(detach))}",
        )
