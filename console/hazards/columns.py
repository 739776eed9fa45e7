"""Rules about columns."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

from collections.abc import Iterator

from console.hazards import gone
from console.hazards.before import bare
from console.hazards.clauses import DROP_COLUMN, clauses
from console.hazards.constraints import IF_MENDED, mends, went_well
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.reuse import called, reused_column
from console.hazards.spelling import (
    LATER,
    NEXT,
    add_column,
    alter_column,
    batch,
    execute,
    expand,
    literal,
    quoter,
    require,
)
from console.hazards.words import number_of, rows_of
from console.schema.ledger import ColumnEntry
from console.schema.probe import Question
from console.schema.sqltext import unquote
from console.schema.statement import Operation


@rule(
    "drop-column",
    "error",
    "The values are gone for good, and every running process that still selects the column fails.",
    instead="Take the column out of the model and deploy that; drop it in a later revision.",
)
def drop_column(evidence: Evidence) -> Iterator[Finding]:
    """Columns that are gone after the plan and were there before it."""
    for revision, table, column in dropped(evidence):
        entry = evidence.column_entry(table, column)
        if not evidence.had_column(table, column) or (entry and _lives_on(entry)):
            continue  # made in this plan, or its values are still there
        counted = evidence.values(table, column)
        values = counted.non_null if counted else None
        lost = "its values are lost" if values is None else f"{number_of(values, 'value')} lost"
        lost = "it holds no values" if values == 0 else lost
        yield Finding(
            revision,
            f"{table}.{column}",
            f"The column {column} of {table} is dropped: {lost}.",
            _without(evidence, table, column),
            severity="warning" if values == 0 else None,
            evidence=evidence.probe(Question("values", table, (column,))),
        )


def _lives_on(entry: ColumnEntry) -> bool:
    """Whether a column's values are there after the plan, under its name or another."""
    is_there = entry.non_null_after is not None and bool(entry.non_null_before)
    return entry.renamed_to is not None or (is_there and entry.verdict == "identical")


def dropped(evidence: Evidence) -> Iterator[tuple[str, str, str]]:
    """(revision, table, column) of every drop, once, in order."""
    seen: dict[tuple[str, str, str], None] = {}
    for operation in evidence.operations("drop_column"):
        seen[operation.revision, operation.table or "", operation.column or ""] = None
    for clause in clauses(evidence):
        found = DROP_COLUMN.match(clause.text)
        if found:
            seen[clause.revision, clause.table, unquote(found[1])] = None
    named = {(bare(table), column) for _, table, column in seen}
    named |= {(bare(o.table or ""), o.column or "") for o in evidence.operations("alter_column")}
    left = {old for new, old in evidence.renamed.tables.items() if new != old}
    for table, column in gone.columns(evidence):
        # What the plan renames keeps its columns, whatever it makes under the old name.
        if (bare(table), column) not in named and table not in left:
            seen[gone.revision_of(evidence, table), table, column] = None
    yield from seen


def _without(evidence: Evidence, table: str, column: str) -> str:
    """What lets code do without a column before it is dropped."""
    known = evidence.column(table, column)
    is_needed = known is not None and not known.nullable and known.default is None
    now = alter_column(evidence, table, column, "nullable=True") if is_needed else "pass"
    drop = f"batch.drop_column({literal(column)})"
    return (
        f"# take {column} out of the model and deploy that; rows are then added without it:\n{now}\n"
        f"{LATER}\n{batch(table, drop)}"
    )


@rule(
    "rename-suspect",
    "error",
    "Autogenerate cannot see a rename: it writes a drop and an add, which throws the values away.",
    instead="Rename the column with new_column_name.",
)
def rename_suspect(evidence: Evidence) -> Iterator[Finding]:
    """A dropped and an added column of the same type in one table and revision."""
    for revision, table, lost in dropped(evidence):
        entry = evidence.column_entry(table, lost)
        if entry and entry.renamed_to:
            continue
        for added in evidence.operations("add_column"):
            if (added.revision, added.table) != (revision, table) or added.column == lost:
                continue
            kind = _type(evidence, table, lost)
            if kind is None or kind != _normal(added.detail("type")):
                continue
            yield Finding(
                revision,
                f"{table}.{lost}",
                f"{lost} is dropped and {added.column} of the same type ({kind}) added: if that is a "
                f"rename, {_held(evidence, table, lost)} lost for nothing.",
                alter_column(
                    evidence, table, lost, f"new_column_name={literal(added.column or '')}"
                ),
            )


def _type(evidence: Evidence, table: str, column: str) -> str | None:
    known = evidence.table(table)
    found = next((c for c in known.columns if c.name == column), None) if known else None
    return _normal(found.type) if found else None


def _normal(kind: str | None) -> str | None:
    return kind.upper().replace(" ", "") if kind else None


def _held(evidence: Evidence, table: str, column: str) -> str:
    counted = evidence.values(table, column)
    if counted is None and evidence.rehearsal is None:
        return "what it holds is"
    number = counted.non_null if counted else 0
    return f"{number_of(number, 'value')} {'is' if number == 1 else 'are'}"


@rule(
    "rename-column",
    "error",
    "Code that is running while the migration is applied knows the old name only, and fails until it "
    "is deployed anew.",
    instead="Add the new column, write both, copy the values, and drop the old one in a later revision.",
)
def rename_column(evidence: Evidence) -> Iterator[Finding]:
    """Renames of columns that were there before the plan."""
    for operation in evidence.operations("alter_column"):
        new, q = operation.detail("new_name"), quoter(evidence)
        old, table = operation.column, operation.table
        is_first = evidence.former_column(table, old) == old
        if not new or new == old or not is_first or not evidence.had_column(table, old):
            continue
        new = called(evidence, table, old) or new
        if new == old or reused_column(evidence, table, old):  # which is more than this danger
            continue
        yield Finding(
            operation.revision,
            f"{table}.{old}",
            f"The column {old} of {table} is called {new} afterwards.",
            expand(
                evidence,
                table or "",
                old or "",
                new,
                evidence.type_before(table, old),
                q(old or ""),
            ),
        )


@rule(
    "add-not-null-without-default",
    "error",
    "The rows that exist have no value for it: the statement fails as soon as there is one.",
    instead="Add the column as nullable, fill it in, and make it required afterwards.",
    databases=("sqlite", "postgresql"),
)
def add_not_null_without_default(evidence: Evidence) -> Iterator[Finding]:
    """Required new columns on a table that has rows."""
    for operation in evidence.operations("add_column"):
        if not _is_required(operation):
            continue
        rows, column = evidence.rows(operation.table), operation.column
        is_asked = evidence.rehearsal is not None or not evidence.was_there(operation.table)
        if not rows and (rows == 0 or is_asked) and not evidence.failed_in(operation.revision):
            continue
        table, column, q = operation.table or "", column or "", quoter(evidence)
        yield Finding(
            operation.revision,
            f"{table}.{column}",
            f"{table} has {rows_of(rows)}, none of which has a value for the required {column}.",
            f"{add_column(table, column, operation.detail('type'))}\n{NEXT}\n"
            f"{execute(f'UPDATE {q(table)} SET {q(column)} = … WHERE {q(column)} IS NULL')}\n"
            f"{require(evidence, table, column)}",
            evidence=evidence.probe(Question("rows", table)),
        )


def _is_required(operation: Operation) -> bool:
    return (
        operation.detail("nullable") == "no"
        and operation.detail("default") is None
        and not operation.detail("computed")
    )


@rule(
    "set-not-null-with-nulls",
    "error",
    "The rows that hold NULL break the new rule: the statement fails and the plan with it.",
    instead="Fill in the rows that hold NULL first.",
)
def set_not_null_with_nulls(evidence: Evidence) -> Iterator[Finding]:
    """NOT NULL for a column that holds NULL; one that the plan fills first is none."""
    for operation in evidence.operations("alter_column"):
        if operation.detail("nullable") != "no" or went_well(evidence, operation):
            continue
        table, column, q = operation.table or "", operation.column or "", quoter(evidence)
        counted, rows = evidence.values(table, column), evidence.rows(table)
        if counted is None or rows is None or counted.non_null >= rows:
            continue
        missing, may_be_mended = rows - counted.non_null, mends(evidence, table)
        yield Finding(
            operation.revision,
            f"{table}.{column}",
            f"{number_of(missing, 'row')} of {table} hold{'s' if missing == 1 else ''} NULL in "
            f"{column}{IF_MENDED if may_be_mended else ''}.",
            f"{execute(f'UPDATE {q(table)} SET {q(column)} = … WHERE {q(column)} IS NULL')}\n"
            f"{require(evidence, table, column)}",
            severity="warning" if may_be_mended else None,
            evidence=evidence.probe(Question("nulls", table, (column,))),
        )


@rule(
    "drop-not-null",
    "warning",
    "Code that relies on a value being there meets NULL from now on.",
    instead="Make the code ready for NULL and deploy it first.",
)
def drop_not_null(evidence: Evidence) -> Iterator[Finding]:
    """NULL allowed where it was not."""
    for operation in evidence.operations("alter_column"):
        if operation.detail("nullable") != "yes" or operation.detail("existing_nullable") == "yes":
            continue
        table = evidence.table(operation.table)
        column = (
            next((c for c in table.columns if c.name == operation.column), None) if table else None
        )
        if column is None or column.nullable:
            continue
        yield Finding(
            operation.revision,
            f"{operation.table}.{operation.column}",
            f"{operation.column} of {operation.table} may be NULL afterwards.",
            f"# make the code ready for NULL in {operation.table}.{operation.column} and deploy it first",
        )
