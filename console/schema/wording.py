"""wording: autogenerate's operations in the words of a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alembic.operations import ops

from console.schema.operation import describe
from console.schema.statement import Operation


def words(operation: ops.MigrateOperation) -> tuple[str, ...]:
    """Return a line for every operation, those inside a batch included."""
    return tuple(sentence(describe(inner, "")) for inner in flat(operation))


def flat(operation: ops.MigrateOperation) -> Iterator[ops.MigrateOperation]:
    """Return the operations inside a container, or the operation itself."""
    if isinstance(operation, ops.OpContainer):
        for inner in operation.ops:
            yield from flat(inner)
    else:
        yield operation


def sentence(operation: Operation) -> str:
    """Return "add column products.price (NUMERIC(10, 2))" and the like."""
    place = operation.table or ""
    if operation.column:
        place = f"{place}.{operation.column}"
    name = operation.detail("name")
    verb = operation.name.replace("_", " ")
    if operation.name == "add_column":
        return f"add column {place} ({operation.detail('type')})"
    if operation.name == "alter_column":
        return f"change column {place}: {_alteration(operation)}"
    if operation.name in ("create_table", "drop_table"):
        return f"{verb} {place}"
    if operation.name.startswith("create_") or operation.name.startswith("drop_"):
        columns = operation.detail("columns")
        shown = f"{verb} {name}" if name else verb
        if operation.name == "drop_column":
            return f"drop column {place}"
        return f"{shown} on {place}" + (f" ({columns})" if columns else "")
    return f"{verb} {place}".strip()


def _alteration(operation: Operation) -> str:
    parts = []
    if kind := operation.detail("type"):
        parts.append(f"type {operation.detail('existing_type')} becomes {kind}")
    if nullable := operation.detail("nullable"):
        parts.append("NULL allowed" if nullable == "yes" else "NULL no longer allowed")
    if default := operation.detail("default"):
        parts.append(f"server default becomes {default}")
    if new_name := operation.detail("new_name"):
        parts.append(f"renamed to {new_name}")
    return ", ".join(parts) or "changed"


def suspicions(operations: Iterable[ops.MigrateOperation]) -> tuple[str, ...]:
    """Return a warning for every drop and add of one type in one table that may be a rename in truth, and for
    every new required column without a default."""
    found = [describe(inner, "") for operation in operations for inner in flat(operation)]
    dropped = [operation for operation in found if operation.name == "drop_column"]
    warnings = []
    for added in (operation for operation in found if operation.name == "add_column"):
        for gone in dropped:
            if (gone.table, gone.detail("type")) != (added.table, added.detail("type")):
                continue
            warnings.append(
                f"{added.table}: {gone.column} is dropped and {added.column} added. If it is a "
                f"rename, replace both by alter_column('{gone.column}', "
                f"new_column_name='{added.column}'), which keeps the values."
            )
        if added.detail("nullable") == "no" and not added.detail("default"):
            warnings.append(
                f"{added.table}.{added.column} is required and has no server default: adding it "
                "fails as soon as the table has rows."
            )
    return tuple(warnings)
