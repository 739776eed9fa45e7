"""integrity: what the database refused, in words; the safety net below `constraints`."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, StatementError

from console.admin.constraints import Violation
from console.admin.outline import Attribute, Outline
from console.admin.rules import check_words, name_words
from console.admin.words import listed

_MARIADB = {
    1062: "unique",
    1048: "not null",
    1451: "referenced",
    1452: "foreign key",
    4025: "check",
    3819: "check",
}
_POSTGRESQL = {"23505": "unique", "23502": "not null", "23503": "foreign key", "23514": "check"}


def explain(error: StatementError, outline: Outline) -> Violation:
    """The rule that was broken and the fields it concerns, from what the driver says.

    SQLite names columns, PostgreSQL and MariaDB the constraint or the column. A database that does
    not answer (locked, gone) is nobody's typing: that error is raised again.
    """
    original: Any = getattr(error, "orig", None) or error
    message = str(original)
    kind = _kind(original, message)
    attributes = _attributes(original, message, outline)
    labels = [a.label for a in attributes]
    names = tuple(a.name for a in attributes)
    if kind == "unique":
        what = (
            labels[0]
            if len(labels) == 1
            else f"This combination of {listed(labels)}"
            if labels
            else "This"
        )
        return Violation(names, f"{what} is already used by another row.")
    if kind == "not null":
        return Violation(names, f"{labels[0] if labels else 'A value'} is required.")
    if kind == "check":
        return Violation(names, _check_sentence(message, original, outline, attributes))
    if kind == "foreign key":
        what = f"{labels[0]}: there" if labels else "There"
        return Violation(names, f"{what} is no such row any more. Choose another.")
    if isinstance(error, OperationalError):
        raise error
    if isinstance(error, DataError):
        return Violation(names, "A value does not fit into its column.")
    if isinstance(error, IntegrityError):
        return Violation(names, "The database refused this row by one of its rules.")
    return Violation(names, "A value cannot be stored in its column.")


def _kind(original: Any, message: str) -> str:
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    if state in _POSTGRESQL:
        return _POSTGRESQL[state]
    number = original.args[0] if getattr(original, "args", ()) else None
    if number in _MARIADB:
        return _MARIADB[number]
    for kind in ("unique", "not null", "foreign key", "check"):
        if f"{kind} constraint failed" in message.lower():
            return kind
    return ""


def _constraint_name(original: Any, message: str) -> str | None:
    diagnosis = getattr(original, "diag", None)
    if diagnosis is not None and diagnosis.constraint_name:
        return str(diagnosis.constraint_name)
    found = re.search(
        r"CHECK constraint failed: (\w+)|(?i:constraint) [`'\"](\w+)[`'\"]|for key [`'\"](?:\w+\.)?(\w+)",
        message,
    )
    return next((part for part in found.groups() if part), None) if found else None


def _attributes(original: Any, message: str, outline: Outline) -> list[Attribute]:
    table = outline.mapper.local_table
    named: list[str] = re.findall(
        rf"\b{re.escape(str(getattr(table, 'name', '')))}\.(\w+)", message
    )
    columns = [name for name in named if name in table.columns]  # MySQL names keys so, too
    diagnosis = getattr(original, "diag", None)
    if diagnosis is not None and diagnosis.column_name:
        columns.append(diagnosis.column_name)
    columns += re.findall(r"Column '(\w+)' cannot be null", message)
    name = _constraint_name(original, message)
    if not columns and name and isinstance(table, Table):
        for constraint in table.constraints:
            if constraint.name == name and isinstance(
                constraint, UniqueConstraint | ForeignKeyConstraint
            ):
                columns = [column.name for column in constraint.columns]
        words = set(name.split("_"))
        columns = columns or [c.name for c in table.columns if c.name in words]
    return [a for a in outline.attributes if a.column.name in columns]


def _check_sentence(
    message: str, original: Any, outline: Outline, attributes: list[Attribute]
) -> str:
    name = _constraint_name(original, message)
    table = outline.mapper.local_table
    for constraint in table.constraints if isinstance(table, Table) else ():
        if isinstance(constraint, CheckConstraint) and constraint.name == name:
            return check_words(str(constraint.sqltext), attributes, name)
    rule = name_words(name or "", outline.attributes)
    return (
        f"This breaks the rule “{rule}” of the database."
        if rule
        else "This breaks a rule of the database."
    )
