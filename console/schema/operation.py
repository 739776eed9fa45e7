"""operation: Alembic's operation objects as plain values."""

from __future__ import annotations

from typing import Any

from alembic.operations import ops
from sqlalchemy import Column
from sqlalchemy.sql.elements import ClauseElement

from console.schema.statement import Operation

NAMES: tuple[tuple[type[ops.MigrateOperation], str], ...] = (
    (ops.CreateTableOp, "create_table"),
    (ops.DropTableOp, "drop_table"),
    (ops.RenameTableOp, "rename_table"),
    (ops.AddColumnOp, "add_column"),
    (ops.DropColumnOp, "drop_column"),
    (ops.AlterColumnOp, "alter_column"),
    (ops.CreateIndexOp, "create_index"),
    (ops.DropIndexOp, "drop_index"),
    (ops.CreateUniqueConstraintOp, "create_unique_constraint"),
    (ops.CreateForeignKeyOp, "create_foreign_key"),
    (ops.CreateCheckConstraintOp, "create_check_constraint"),
    (ops.CreatePrimaryKeyOp, "create_primary_key"),
    (ops.DropConstraintOp, "drop_constraint"),
    (ops.CreateTableCommentOp, "create_table_comment"),
    (ops.DropTableCommentOp, "drop_table_comment"),
    (ops.BulkInsertOp, "bulk_insert"),
    (ops.ExecuteSQLOp, "execute"),
)


def describe(operation: ops.MigrateOperation, revision: str, is_batch: bool = False) -> Operation:
    """Return an Alembic operation as a value, with "batch" among its details if it stood in one."""
    name = next((n for kind, n in NAMES if isinstance(operation, kind)), type(operation).__name__)
    details = dict(_details(operation))
    details["schema"] = _text(_schema(operation))
    if is_batch:
        details["batch"] = "yes"
    return Operation(
        revision,
        name,
        _table(operation),
        _column(operation),
        tuple((key, value) for key, value in details.items() if value is not None),
    )


def _table(operation: Any) -> str | None:
    table = getattr(operation, "table_name", None) or getattr(operation, "source_table", None)
    if isinstance(operation, ops.BulkInsertOp):
        table = operation.table.name
    return str(table) if table else None


def _schema(operation: Any) -> Any:
    """The schema that an operation names for its table."""
    schema = getattr(operation, "schema", None)
    return schema or (getattr(operation, "kw", None) or {}).get("source_schema")


def _column(operation: Any) -> str | None:
    if isinstance(operation, ops.AddColumnOp):
        return str(operation.column.name)
    name = getattr(operation, "column_name", None)
    return str(name) if name else None


def _details(operation: Any) -> list[tuple[str, str | None]]:
    """Return what else a person or a rule wants to know, as text."""
    if isinstance(operation, ops.AddColumnOp):
        return _column_details(operation.column)
    if isinstance(operation, ops.DropColumnOp):
        # Autogenerate knows what it drops; a revision file does not.
        reverse = operation._reverse
        return [("type", _text(reverse.column.type) if reverse else None)]
    if isinstance(operation, ops.AlterColumnOp):
        return [
            ("new_name", _text(operation.modify_name)),
            ("type", _text(operation.modify_type)),
            ("existing_type", _text(operation.existing_type)),
            ("existing_default", _default(operation.existing_server_default)),
            ("existing_comment", _text(operation.existing_comment)),
            ("autoincrement", _flag(operation.kw.get("autoincrement"))),
            ("existing_autoincrement", _flag(operation.kw.get("existing_autoincrement"))),
            ("comment", None if operation.modify_comment is False else "yes"),
            ("nullable", _flag(operation.modify_nullable)),
            ("existing_nullable", _flag(operation.existing_nullable)),
            ("default", _default(operation.modify_server_default)),
        ]
    if isinstance(operation, ops.CreateTableOp):
        columns = [c for c in operation.columns if isinstance(c, Column)]
        return [("columns", ", ".join(f"{c.name} {_text(c.type)}" for c in columns))]
    if isinstance(operation, ops.RenameTableOp):
        return [("new_name", operation.new_table_name)]
    if isinstance(operation, ops.ExecuteSQLOp):
        return [("sql", _text(operation.sqltext))]
    if isinstance(operation, ops.BulkInsertOp):
        return [("rows", str(len(operation.rows)))]
    return _constraint_details(operation)


def _constraint_details(operation: Any) -> list[tuple[str, str | None]]:
    name = getattr(operation, "constraint_name", None) or getattr(operation, "index_name", None)
    details: list[tuple[str, str | None]] = [("name", _text(name))]
    columns = getattr(operation, "columns", None) or getattr(operation, "local_cols", None)
    if columns:
        details.append(("columns", ", ".join(str(column) for column in columns)))
    if isinstance(operation, ops.CreateIndexOp):
        details.append(("unique", _flag(bool(operation.unique))))
        details.append(("where", _where(operation)))
        counts_nulls = operation.kw.get("postgresql_nulls_not_distinct")
        details.append(("nulls_not_distinct", "yes" if counts_nulls else None))
    if isinstance(operation, ops.CreateForeignKeyOp):
        details.append(("referent", operation.referent_table))
        details.append(("referent_schema", operation.kw.get("referent_schema")))
        details.append(("remote_columns", ", ".join(operation.remote_cols)))
        details.append(("match", operation.kw.get("match")))
        details.append(("ondelete", operation.kw.get("ondelete")))
        is_unchecked = operation.kw.get("postgresql_not_valid")
        details.append(("not_valid", "yes" if is_unchecked else None))
    if isinstance(operation, ops.CreateUniqueConstraintOp):
        counts_nulls = operation.kw.get("postgresql_nulls_not_distinct")
        details.append(("nulls_not_distinct", "yes" if counts_nulls else None))
    if isinstance(operation, ops.CreateCheckConstraintOp):
        details.append(("condition", _text(operation.condition)))
    if isinstance(operation, ops.DropConstraintOp):
        details.append(("type", operation.constraint_type))
    return details


def _where(operation: ops.CreateIndexOp) -> str | None:
    """The condition of a partial index."""
    found = (operation.kw.get(f"{name}_where") for name in ("postgresql", "sqlite"))
    return next((_text(condition) for condition in found if condition is not None), None)


def _column_details(column: Column[Any]) -> list[tuple[str, str | None]]:
    return [
        ("type", _text(column.type)),
        ("nullable", _flag(column.nullable)),
        ("default", _default(column.server_default) if column.server_default else None),
        ("primary_key", _flag(column.primary_key)),
        ("unique", "yes" if column.unique else None),
        ("computed", "yes" if column.computed is not None else None),
        ("references", ", ".join(key.target_fullname for key in column.foreign_keys) or None),
    ]


def _default(value: Any) -> str | None:
    """Return a server default as text; "none" where it is being taken away; None for no matter."""
    if value is False:
        return None
    if value is None:
        return "none"
    argument = getattr(value, "arg", value)
    return _text(argument)


def _flag(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def _sql(clause: ClauseElement) -> str:
    """Return a clause as SQL with its values, where these have a spelling."""
    try:
        return str(clause.compile(compile_kwargs={"literal_binds": True}))
    except Exception:  # a value of a type that is not written as a literal
        return str(clause.compile())


def _text(value: Any) -> str | None:
    """Return anything as text for people; a clause as its SQL."""
    if value is None:
        return None
    if isinstance(value, ClauseElement):
        return _sql(value)
    try:
        return str(value() if isinstance(value, type) else value)
    except Exception:  # a type that cannot be spelled without a dialect
        return type(value).__name__
