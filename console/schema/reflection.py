"""reflection: the schema of any database as SQLAlchemy reflects it, with its triggers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, inspect
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.reflection import Inspector

from console.schema.sqltext import normal
from console.schema.table import Column, Part, Table, View

# Each returns (table, trigger, definition).
TRIGGERS = {
    "postgresql": (
        "SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t "
        "JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal "
        "AND c.relnamespace = current_schema()::regnamespace"
    ),
    "mysql": (
        "SELECT event_object_table, trigger_name, concat_ws(' ', action_timing, "
        "event_manipulation, action_statement) FROM information_schema.triggers "
        "WHERE trigger_schema = database()"
    ),
}
TRIGGERS["mariadb"] = TRIGGERS["mysql"]


def read_reflected(
    connection: Connection, is_wanted: Callable[[str], bool]
) -> tuple[tuple[Table, ...], tuple[View, ...]]:
    """Return the tables and views of the default schema whose names `is_wanted` takes."""
    inspector = inspect(connection)
    names = [name for name in inspector.get_table_names() if is_wanted(name)]
    triggers = _triggers(connection)
    tables = [
        Table(
            name,
            _columns(inspector, connection.dialect, name),
            _sorted([*_parts(inspector, name), *triggers.get(name, [])]),
        )
        for name in names
    ]
    views = [
        View(name, normal(str(inspector.get_view_definition(name) or "")))
        for name in inspector.get_view_names()
        if is_wanted(name)
    ]
    return tuple(tables), tuple(views)


def _sorted(parts: list[Part]) -> tuple[Part, ...]:
    """Parts by kind, name and definition."""
    return tuple(sorted(parts, key=lambda part: (part.kind, part.name, part.definition)))


def _columns(inspector: Inspector, dialect: Dialect, table: str) -> tuple[Column, ...]:
    """The columns of one table, in order."""
    keys = inspector.get_pk_constraint(table)["constrained_columns"]
    columns = []
    for found in inspector.get_columns(table):
        default = found.get("default")
        columns.append(
            Column(
                name=found["name"],
                type=normal(str(found["type"].compile(dialect=dialect))).upper(),
                nullable=bool(found["nullable"]),
                default=None if default is None else normal(str(default)),
                primary_key=found["name"] in keys,
                notes=_notes(found),
            )
        )
    return tuple(columns)


def _notes(found: Mapping[str, Any]) -> tuple[str, ...]:
    """What else is said of a column."""
    notes = []
    if computed := found.get("computed"):
        kind = "stored" if computed.get("persisted") else "virtual"
        notes.append(f"generated always as ({normal(computed['sqltext'])}) {kind}")
    if identity := found.get("identity"):
        always = "always" if identity.get("always") else "by default"
        notes.append(f"generated {always} as identity")
    if comment := found.get("comment"):
        notes.append(f"comment '{comment}'")
    return tuple(notes)


def _parts(inspector: Inspector, table: str) -> list[Part]:
    """Keys, uniques, checks and indexes of one table."""
    parts = []
    key = inspector.get_pk_constraint(table)
    if key["constrained_columns"] and (key["name"] or len(key["constrained_columns"]) > 1):
        definition = f"({', '.join(key['constrained_columns'])})"
        parts.append(Part("primary key", str(key["name"] or ""), definition))
    for found in inspector.get_unique_constraints(table):
        columns = ", ".join(found["column_names"])
        parts.append(Part("unique", str(found["name"] or ""), f"({columns})"))
    for check in inspector.get_check_constraints(table):
        parts.append(Part("check", str(check["name"] or ""), f"({normal(check['sqltext'])})"))
    for foreign in inspector.get_foreign_keys(table):
        parts.append(Part("foreign key", str(foreign["name"] or ""), _foreign_key(foreign)))
    for index in inspector.get_indexes(table):
        if not index.get("duplicates_constraint"):
            parts.append(Part("index", str(index["name"] or ""), _index(index)))
    return parts


def _foreign_key(found: Mapping[str, Any]) -> str:
    """A foreign key in one line."""
    schema = f"{found['referred_schema']}." if found.get("referred_schema") else ""
    text = (
        f"({', '.join(found['constrained_columns'])}) references {schema}{found['referred_table']}"
    )
    text += f" ({', '.join(found['referred_columns'])})"
    options = found.get("options") or {}
    words = {"ondelete": "on delete", "onupdate": "on update"}
    rules = [
        f"{words.get(name, name)} {value}"
        for name, value in sorted(options.items())
        if value is not None
    ]
    return " ".join([text, *(rule for rule in rules if not rule.endswith("NO ACTION"))])


def _index(found: Mapping[str, Any]) -> str:
    """An index in one line."""
    columns = found.get("expressions") or found["column_names"]
    text = f"{'unique ' if found['unique'] else ''}({', '.join(str(c) for c in columns)})"
    sorting = found.get("column_sorting") or {}
    extra = [f"{name} {' '.join(order)}" for name, order in sorted(sorting.items())]
    options = found.get("dialect_options") or {}
    extra += [f"{name} {value}" for name, value in sorted(options.items()) if value]
    return " ".join([text, *extra])


def _triggers(connection: Connection) -> dict[str, list[Part]]:
    """The triggers of each table, where the database is one that we know to ask."""
    statement = TRIGGERS.get(connection.dialect.name)
    if statement is None:
        return {}
    found: dict[str, list[Part]] = {}
    for table, name, definition in connection.exec_driver_sql(statement):
        found.setdefault(table, []).append(Part("trigger", name, normal(definition)))
    return found
