"""Rules about rows that a migration rewrites."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.clauses import known_name
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import execute, quoter
from console.hazards.words import bare, number_of, rows_of
from console.hazards.writing import Write, writes
from console.schema.statement import Statement

LONGEST_SHOWN = 300  # characters of a statement in code to paste
MANY_ROWS = 1000  # below that a backfill takes no time worth a second revision
PLAIN = re.compile(r"\s*(?:UPDATE|DELETE FROM)\b", re.IGNORECASE)
# Behind these no WHERE can be written.
ENDED = re.compile(
    r"\b(?:WHERE|RETURNING|ORDER BY|LIMIT|USING|JOIN|FROM .* FROM)\b|…", re.IGNORECASE
)
CHANGES_SCHEMA = (
    "add_column",
    "drop_column",
    "alter_column",
    "rename_table",
    "drop_table",
    "create_index",
    "drop_index",
    "create_unique_constraint",
    "create_foreign_key",
    "create_check_constraint",
    "drop_constraint",
)


@rule(
    "dml-without-where",
    "error",
    "Every row is rewritten or removed in one statement, whether that was meant or a WHERE was "
    "forgotten; all of them are locked until the end.",
    instead="Write in batches, and only the rows that need it.",
)
def dml_without_where(evidence: Evidence) -> Iterator[Finding]:
    """UPDATE or DELETE of a whole table that was there, with rows, before the plan."""
    for statement in evidence.statements():
        for write in writes(statement.sql):
            table = known_name(evidence, write.table, statement.names)
            if not write.is_whole or not evidence.was_there(table) or evidence.rows(table) == 0:
                continue
            again, is_update = _repeated(statement), write.verb == "UPDATE"
            is_plain = PLAIN.match(again or "") and not ENDED.search(bare(statement.sql))
            yield Finding(
                statement.revision,
                table,
                f"{write.verb} without WHERE {'rewrites' if is_update else 'removes'} "
                f"{_all(_touched(evidence, statement, table))} of {table}.",
                f"# only the rows that need it; where there are many, in batches by the key\n"
                f"{execute(f'{again if is_plain else _generic(evidence, write, table)} WHERE …')}",
                severity="warning" if is_update and _overwrites_nothing(evidence, table) else None,
            )


def _generic(evidence: Evidence, write: Write, table: str) -> str:
    name = quoter(evidence)(table)
    return f"UPDATE {name} SET …" if write.verb == "UPDATE" else f"DELETE FROM {name}"


def _touched(evidence: Evidence, statement: Statement, table: str) -> int | None:
    """How many rows a statement changed that is about one table alone; else all that the table had."""
    is_one = len(writes(statement.sql)) == 1 and statement.rows >= 0
    return statement.rows if is_one else evidence.rows(table)


def _overwrites_nothing(evidence: Evidence, table: str) -> bool:
    """Whether a small table's earlier values are all still there after the plan."""
    entry = evidence.entry(table)
    return (
        entry is not None
        and entry.verdict in ("identical", "added")
        and (evidence.rows(table) or MANY_ROWS) < MANY_ROWS
    )


def _repeated(statement: Statement) -> str | None:
    """A statement as it was sent; None for one that is too long, or whose values went beside it."""
    text = " ".join(statement.sql.split()).rstrip("; ")
    return None if statement.parameters or len(text) > LONGEST_SHOWN else text


def _all(rows: int | None) -> str:
    return "every row" if rows is None else f"all {rows_of(rows)}"


@rule(
    "ddl-with-backfill",
    "error",
    "The locks that the schema change takes are held for as long as the rows take.",
    instead="Change the schema in one revision, and fill in the rows in the next one.",
)
def ddl_with_backfill(evidence: Evidence) -> Iterator[Finding]:
    """A revision that changes the schema of existing tables and writes rows as well."""
    changing = {
        operation.revision
        for operation in evidence.operations(*CHANGES_SCHEMA)
        if evidence.was_there(operation.table)
    }
    q, written = quoter(evidence), dict[tuple[str, str], tuple[int | None, float]]()
    sent: dict[tuple[str, str], str] = {}
    for statement in evidence.statements():
        for write in writes(statement.sql) if statement.revision in changing else ():
            table = known_name(evidence, write.table, statement.names)
            place = (statement.revision, table)
            if not evidence.was_there(table):
                continue
            before, spent = written.get(place, (0, 0.0))
            rows = _written(evidence, statement, write, table)
            total = None if before is None or rows is None else before + rows
            written[place] = (total, spent + statement.milliseconds)
            sent.setdefault(place, _repeated(statement) or f"UPDATE {q(table)} SET … WHERE …")
    for (revision, table), (rows, spent) in written.items():
        if rows != 0:
            took = f" ({spent:,.0f} ms in the rehearsal)" if evidence.rehearsal else ""
            many = "rows" if rows is None else number_of(rows, "row")
            yield Finding(
                revision,
                table,
                f"The revision changes the schema and writes {many} of {table}{took}.",
                "# this revision: the schema alone\n"
                "# in the next revision, the rows; where there are many, in batches by the key:\n"
                + execute(sent[revision, table]),
                severity=None if rows is None or rows >= MANY_ROWS else "warning",
            )


def _written(evidence: Evidence, statement: Statement, write: Write, table: str) -> int | None:
    """How many rows a statement wrote; where nobody counted, those that it writes out, or as many as
    the table has."""
    if statement.rows >= 0:
        return statement.rows
    return write.added if write.verb == "INSERT" else evidence.rows(table)
