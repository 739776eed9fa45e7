"""Rules about rows that a migration rewrites."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

from collections.abc import Iterator

from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.words import CHANGES_ROWS, WHERE, WRITES, bare, number_of, rows_of

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
        if not found or WHERE.search(text) or not evidence.was_there(found["table"]):
            continue
        table, is_update = found["table"], found["verb"].upper() == "UPDATE"
        if evidence.rows(table) == 0:
            continue
        rows = statement.rows if statement.rows >= 0 else evidence.rows(table)
        yield Finding(
            statement.revision,
            table,
            f"{'UPDATE' if is_update else 'DELETE'} without WHERE "
            f"{'rewrites' if is_update else 'removes'} {_all(rows)} of {table}.",
            f"# in batches, and only the rows that need it:\n"
            f"{'UPDATE ' + table + ' SET …' if is_update else 'DELETE FROM ' + table} "
            "WHERE id BETWEEN :first AND :last AND …",
        )


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
    written: dict[tuple[str, str], tuple[int, float]] = {}
    for statement in evidence.statements():
        found = WRITES.match(bare(statement.sql))
        if (
            not found
            or statement.revision not in changing
            or not evidence.was_there(found["table"])
        ):
            continue
        before, spent = written.get((statement.revision, found["table"]), (0, 0.0))
        more = (before + max(statement.rows, 0), spent + statement.milliseconds)
        written[statement.revision, found["table"]] = more
    for (revision, table), (touched, spent) in written.items():
        rows = touched if evidence.rehearsal else evidence.rows(table)
        if rows != 0:
            took = f" ({spent:,.0f} ms in the rehearsal)" if evidence.rehearsal else ""
            many = "rows" if rows is None else number_of(rows, "row")
            yield Finding(
                revision,
                table,
                f"The revision changes the schema and writes {many} of {table}{took}.",
                "# two revisions: this one changes the schema; the next one fills in the rows:\n"
                f'op.execute("UPDATE {table} SET … WHERE id BETWEEN :first AND :last")',
                severity=None if rows is None or rows >= MANY_ROWS else "warning",
            )
