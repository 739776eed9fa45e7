"""Rules about constraints that rows may break."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

from collections.abc import Iterator

from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import BEFORE, execute, quoter
from console.hazards.words import rows_of
from console.schema.probe import Probe, Question
from console.schema.statement import Operation

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
    instead="Find the rows that share a value, and merge them in a revision before this one.",
)
def add_unique_with_duplicates(evidence: Evidence) -> Iterator[Finding]:
    """A unique constraint or index that the rehearsal could not make."""
    error = (evidence.rehearsal.error or "").lower() if evidence.rehearsal else ""
    says_so = any(words in error for words in SAYS_DUPLICATE)
    for operation in evidence.operations("create_unique_constraint", "create_index"):
        is_unique = operation.name != "create_index" or operation.detail("unique") == "yes"
        if not is_unique or (evidence.rehearsal and not says_so) or _went_well(evidence, operation):
            continue
        table, columns = operation.table or "", operation.detail("columns") or ""
        found = evidence.probe(Question("duplicates", table, _names(columns)))
        first, q = _names(columns)[0], quoter(evidence)
        if not says_so and not (found and found[0].answer):
            continue
        yield Finding(
            operation.revision,
            f"{table}.{columns}",
            f"Some of the {rows_of(evidence.rows(table))} of {table} have the same {columns}.",
            "# find them:\n"
            f"# SELECT {columns}, count(*) FROM {table} GROUP BY {columns} HAVING count(*) > 1\n"
            f"{BEFORE}\n{execute(f'UPDATE {q(table)} SET {q(first)} = … WHERE …')}",
            evidence=found,
        )


@rule(
    "add-foreign-key-with-orphans",
    "error",
    "Rows that point to nothing break the new foreign key: the statement fails and the plan with it; "
    "where nothing checks them, they stay and every join passes over them.",
    instead="Find the rows that point to nothing, and mend or remove them in a revision before this one.",
)
def add_foreign_key_with_orphans(evidence: Evidence) -> Iterator[Finding]:
    """A foreign key that some rows break, unless the plan itself mends them first."""
    for operation in evidence.operations("create_foreign_key"):
        columns, remote = operation.detail("columns") or "", operation.detail("remote_columns")
        table, referent = operation.table or "", operation.detail("referent") or ""
        if not columns or not remote or not referent or not evidence.was_there(table):
            continue
        if len(_names(columns)) != len(_names(remote)):
            continue
        question = Question("orphans", table, _names(columns), referent, _names(remote))
        is_unchecked = operation.detail("not_valid") == "yes"
        found = _broken(evidence, operation, question, even_if_well=is_unchecked)
        if found:
            yield Finding(
                operation.revision,
                f"{table}.{columns}",
                f"{_sentence(found)}{', and nothing checks them' if is_unchecked else ''}.",
                f"{BEFORE}\n{execute(_mended(evidence, question))}",
                severity="warning" if is_unchecked else None,
                evidence=found,
            )


def _mended(evidence: Evidence, question: Question) -> str:
    """What takes the pointers to nothing out of the way: NULL where that is allowed."""
    q = quoter(evidence)
    table, referent = q(question.table), q(question.referent)
    pairs = list(zip(question.columns, question.remote_columns, strict=True))
    known = [evidence.column(question.table, column) for column in question.columns]
    values = [
        f"{q(name)} = {'NULL' if column and column.nullable else '…'}"
        for name, column in zip(question.columns, known, strict=True)
    ]
    filled = " AND ".join(f"{q(own)} IS NOT NULL" for own, _ in pairs)
    same = " AND ".join(f"{referent}.{q(remote)} = {table}.{q(own)}" for own, remote in pairs)
    return (
        f"UPDATE {table} SET {', '.join(values)} WHERE {filled} "
        f"AND NOT EXISTS (SELECT 1 FROM {referent} WHERE {same})"
    )


@rule(
    "add-check-with-violators",
    "error",
    "Rows that break the new CHECK make the statement fail, and the plan with it.",
    instead="Find the rows that break it, and mend them in a revision before this one.",
)
def add_check_with_violators(evidence: Evidence) -> Iterator[Finding]:
    """A CHECK that some rows break, unless the plan itself mends them first."""
    for operation in evidence.operations("create_check_constraint"):
        table, condition = operation.table or "", operation.detail("condition") or ""
        if not condition or not evidence.was_there(table):
            continue
        q, question = quoter(evidence), Question("violators", table, condition=condition)
        found = _broken(evidence, operation, question)
        if found:
            yield Finding(
                operation.revision,
                f"{table}.{operation.detail('name') or condition}",
                f"{_sentence(found)}.",
                f"{BEFORE}\n{execute(f'UPDATE {q(table)} SET … WHERE NOT ({condition})')}",
                evidence=found,
            )


def _broken(
    evidence: Evidence, operation: Operation, question: Question, *, even_if_well: bool = False
) -> tuple[Probe, ...]:
    """The probe that counts the rows in the way; empty where there is none, or where the rehearsal
    shows that the plan copes with them."""
    if _went_well(evidence, operation) and not even_if_well:
        return ()
    found = evidence.probe(question)
    return found if found and found[0].answer else ()


def _went_well(evidence: Evidence, operation: Operation) -> bool:
    """Whether the rehearsal got past an operation: it ended well, or failed in another revision.
    A failure without a revision is one of the checks at the end, so of any of them."""
    rehearsal = evidence.rehearsal
    if rehearsal is None:
        return False
    return rehearsal.succeeded or rehearsal.failed_revision not in (None, operation.revision)


def _names(columns: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in columns.split(","))


def _sentence(found: tuple[Probe, ...]) -> str:
    text = found[0].sentence
    return text[0].upper() + text[1:]
