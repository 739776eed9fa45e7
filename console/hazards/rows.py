"""Rules about rows that a migration rewrites."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

from collections.abc import Iterator

from console.hazards.clauses import known_name
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import execute, quoter
from console.hazards.words import CHANGES_ROWS, WRITES, bare, has_where, number_of, rows_of
from console.schema.statement import Statement

LONGEST_SHOWN = 300  # characters of a statement in code to paste
MANY_ROWS = 1000  # below that a backfill takes no time worth a second revision
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
        text = bare(statement.sql)
        found = CHANGES_ROWS.match(text)
        if not found or has_where(text):
            continue
        table, q = known_name(evidence, found["table"]), quoter(evidence)
        is_update = found["verb"].upper() == "UPDATE"
        if not evidence.was_there(table) or evidence.rows(table) == 0:
            continue
        generic = f"UPDATE {q(table)} SET …" if is_update else f"DELETE FROM {q(table)}"
        again = None if "WHERE" in text.upper() else _repeated(statement)
        rows = statement.rows if statement.rows >= 0 else evidence.rows(table)
        yield Finding(
            statement.revision,
            table,
            f"{'UPDATE' if is_update else 'DELETE'} without WHERE "
            f"{'rewrites' if is_update else 'removes'} {_all(rows)} of {table}.",
            f"# only the rows that need it; where there are many, in batches by the key\n"
            f"{execute(f'{again or generic} WHERE …')}",
            severity="warning" if is_update and _overwrites_nothing(evidence, table) else None,
        )


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
    q, written = quoter(evidence), dict[tuple[str, str], tuple[int, float]]()
    sent: dict[tuple[str, str], str] = {}
    for statement in evidence.statements():
        found = WRITES.match(bare(statement.sql))
        place = (statement.revision, known_name(evidence, found["table"]) if found else "")
        if not found or statement.revision not in changing or not evidence.was_there(place[1]):
            continue
        before, spent = written.get(place, (0, 0.0))
        written[place] = (before + max(statement.rows, 0), spent + statement.milliseconds)
        sent.setdefault(place, _repeated(statement) or f"UPDATE {q(place[1])} SET … WHERE …")
    for (revision, table), (touched, spent) in written.items():
        rows = touched if evidence.rehearsal else evidence.rows(table)
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
