"""Rules about SQLite, which can change little of a table without making it anew."""

from __future__ import annotations

from collections.abc import Iterator

from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import batch, in_batch
from console.hazards.words import number_of
from console.schema.statement import Operation

CANNOT = (
    "create_unique_constraint",
    "create_foreign_key",
    "create_check_constraint",
    "create_primary_key",
    "drop_constraint",
)


@rule(
    "alter-outside-batch",
    "error",
    "SQLite has no ALTER for constraints and for the properties of a column; the table has to be "
    "made anew, which batch mode does.",
    instead="Use batch_alter_table.",
    databases=("sqlite",),
)
def alter_outside_batch(evidence: Evidence) -> Iterator[Finding]:
    """What SQLite cannot do to a table as it stands."""
    if evidence.backend != "sqlite":
        return
    for operation in evidence.operations("alter_column", *CANNOT):
        if operation.detail("batch") or _is_plain_rename(operation):
            continue
        place = ".".join(part for part in (operation.table, operation.column) if part)
        yield Finding(
            operation.revision,
            place,
            f"{operation.name} on {place} fails on SQLite.",
            batch(operation.table or "", in_batch(operation)),
        )


def _is_plain_rename(operation: Operation) -> bool:
    return operation.detail("new_name") is not None and not any(
        operation.detail(key) for key in ("nullable", "type", "default")
    )


@rule(
    "batch-foreign-key-action",
    "warning",
    "Batch mode drops the table to make it anew. With foreign keys enforced that fires the ON DELETE "
    "actions of the tables that point to it, without an error. The console switches them off before "
    "the transaction; `flask db upgrade` does not.",
    instead="Apply it with the console, or switch foreign keys off before the transaction begins.",
    databases=("sqlite",),
)
def batch_foreign_key_action(evidence: Evidence) -> Iterator[Finding]:
    """Rebuilt tables that others point to with ON DELETE CASCADE or SET NULL."""
    for revision, table in sorted(evidence.rebuilt):
        for child in evidence.tables:
            for part in child.parts:
                action = _action(part.definition, table) if part.kind == "foreign key" else None
                if action is None or not evidence.rows(child.name):
                    continue
                verb = "delete" if action == "cascade" else "empty"
                yield Finding(
                    revision,
                    child.name,
                    f"Making {table} anew can {verb} {number_of(evidence.rows(child.name) or 0, 'row')} "
                    f"of {child.name} where foreign keys are enforced.",
                    "# apply it here, or in env.py, before the transaction begins:\n"
                    'connection.connection.dbapi_connection.execute("PRAGMA foreign_keys = OFF")',
                )


def _action(definition: str, table: str) -> str | None:
    """The action of a foreign key to `table` that changes rows."""
    text = definition.lower()
    if f"references {table.lower()} " not in f"{text} ".replace("(", " ("):
        return None
    actions = ("cascade", "set null", "set default")
    return next((action for action in actions if f"on delete {action}" in text), None)
