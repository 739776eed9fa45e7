"""Rules about constraints that rows may break."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

from collections.abc import Iterator

from console.hazards.clauses import known_name
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import BEFORE, execute, quoter
from console.hazards.words import rows_of
from console.hazards.writing import writes
from console.schema.probe import Probe, Question
from console.schema.statement import Operation

IF_MENDED = ", unless the plan mends them first"
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
        table, columns = operation.table or "", operation.detail("columns") or ""
        if not is_unique or not evidence.was_there(table) or went_well(evidence, operation):
            continue
        found = evidence.asked(_duplicates(operation)) if _are_known(evidence, operation) else ()
        first, q = _names(columns)[0], quoter(evidence)
        rewrite = (
            "# find them:\n"
            f"# SELECT {columns}, count(*) FROM {table} GROUP BY {columns} HAVING count(*) > 1\n"
            f"{BEFORE}\n{execute(f'UPDATE {q(table)} SET {q(first)} = … WHERE …')}"
        )
        if says_so or (found and found[0].answer):
            yield Finding(
                operation.revision,
                f"{table}.{columns}",
                f"Some of the {rows_of(evidence.rows(table))} of {table} have the same {columns}"
                f"{_if_mended(evidence, table, says_so)}.",
                rewrite,
                severity="warning" if not says_so and mends(evidence, table) else None,
                evidence=tuple(probe for probe in found if probe.answer is not None),
            )
        else:
            yield from _unanswered(evidence, operation, f"{table}.{columns}", found, rewrite)


def _duplicates(operation: Operation) -> Question:
    """What asks for the values that a new unique constraint or index finds more than once."""
    return Question(
        "duplicates",
        operation.table or "",
        _names(operation.detail("columns") or ""),
        condition=operation.detail("where") or "",
        counts_null=operation.detail("nulls_not_distinct") == "yes",
    )


def _are_known(evidence: Evidence, operation: Operation) -> bool:
    """Whether an index is one on columns, and not on expressions."""
    table = evidence.table(operation.table)
    known = {column.name for column in table.columns} if table else None
    names = set(_names(operation.detail("columns") or ""))
    return names <= known if known else all(name.isidentifier() for name in names)


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
        referent = evidence.name_in(operation.detail("referent_schema"), referent)
        is_full = (operation.detail("match") or "").upper() == "FULL"
        question = Question(
            "orphans", table, _names(columns), referent, _names(remote), is_full=is_full
        )
        is_unchecked = operation.detail("not_valid") == "yes"
        if went_well(evidence, operation) and not is_unchecked:
            continue
        found, rewrite = (
            evidence.asked(question),
            f"{BEFORE}\n{execute(_mended(evidence, question))}",
        )
        if found and found[0].answer:
            told = ", and nothing checks them" if is_unchecked else _if_mended(evidence, table)
            is_milder = is_unchecked or mends(evidence, table, referent)
            yield Finding(
                operation.revision,
                f"{table}.{columns}",
                f"{_sentence(found)}{told}.",
                rewrite,
                severity="warning" if is_milder else None,
                evidence=found,
            )
        else:
            yield from _unanswered(evidence, operation, f"{table}.{columns}", found, rewrite)


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
        if went_well(evidence, operation):
            continue
        found, place = evidence.asked(question), f"{table}.{operation.detail('name') or condition}"
        rewrite = f"{BEFORE}\n{execute(f'UPDATE {q(table)} SET … WHERE NOT ({condition})')}"
        if found and found[0].answer:
            yield Finding(
                operation.revision,
                place,
                f"{_sentence(found)}{_if_mended(evidence, table)}.",
                rewrite,
                severity="warning" if mends(evidence, table) else None,
                evidence=found,
            )
        else:
            yield from _unanswered(evidence, operation, place, found, rewrite)


def _unanswered(
    evidence: Evidence, operation: Operation, place: str, found: tuple[Probe, ...], rewrite: str
) -> Iterator[Finding]:
    """A warning where the database was there to be asked, and did not answer: that is not "none".
    What the plan itself makes nobody can be asked for."""
    tables = {operation.table, *(probe.question.referent or operation.table for probe in found)}
    is_made = any(o.table in tables for o in evidence.operations("add_column")) or any(
        o.table in tables and o.detail("new_name") for o in evidence.operations("alter_column")
    )
    for probe in found if not is_made else ():
        if probe.answer is None and all(evidence.table(name) is not None for name in tables):
            yield Finding(
                operation.revision,
                place,
                f"Whether rows break it is not known: {probe.sentence}.",
                rewrite,
                severity="warning",
                evidence=found,
            )


def went_well(evidence: Evidence, operation: Operation) -> bool:
    """Whether the rehearsal got past an operation with all rows: it ended well, or failed in another
    revision. A failure without a revision is one of the checks at the end, so of any of them."""
    rehearsal = evidence.rehearsal
    if rehearsal is None or rehearsal.sample is not None:
        return False  # what a sample shows is true of the sample
    return rehearsal.succeeded or rehearsal.failed_revision not in (None, operation.revision)


def mends(evidence: Evidence, *tables: str) -> bool:
    """Whether a plan that nobody has tried with all rows writes to one of these tables, so that the
    rows in the way may be gone in time."""
    rehearsal = evidence.rehearsal
    if rehearsal is not None and not (rehearsal.sample and rehearsal.succeeded):
        return False
    return any(
        known_name(evidence, write.table, statement.names) in tables
        for statement in evidence.statements()
        for write in writes(statement.sql)
    )


def _if_mended(evidence: Evidence, table: str, says_so: bool = False) -> str:
    return IF_MENDED if not says_so and mends(evidence, table) else ""


def _names(columns: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in columns.split(","))


def _sentence(found: tuple[Probe, ...]) -> str:
    text = found[0].sentence
    return text[0].upper() + text[1:]
