"""constraints: what the database would refuse, asked beforehand and said in words at the field.

Unique and CHECK constraints and foreign keys of the model are tried with the values that are about
to be written. `integrity` words what only the database itself finds out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from sqlalchemy import CheckConstraint, Table, UniqueConstraint, cast, literal, not_, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from console.admin.keys import is_key, url_key
from console.admin.outline import Attribute, Outline
from console.admin.rows import readable, title_of
from console.admin.rules import check_words
from console.admin.shape import Shape, shape_of
from console.admin.words import listed

RowUrl = Callable[[str], str]


@dataclass(frozen=True)
class Violation:
    """One broken rule: the attributes it concerns, and a sentence, perhaps with a link."""

    names: tuple[str, ...]
    message: str | Markup


@dataclass(frozen=True)
class Candidate:
    """A row as it is about to be written: every known value, and which of them are new.

    `key` is None for a row that does not exist yet; `row_url` gives a row's page from its key.
    """

    outline: Outline
    shape: Shape
    values: Mapping[str, Any]
    changed: frozenset[str]
    key: tuple[Any, ...] | None
    row_url: RowUrl


def violations(session: Session, candidate: Candidate) -> list[Violation]:
    """Everything that is known to be refused; empty when nothing is."""
    with session.no_autoflush:
        found = [*_duplicates(session, candidate), *_dangling(session, candidate)]
        return [*found, *_failing_checks(session, candidate)]


def unique_columns(outline: Outline) -> Iterator[tuple[Any, ...]]:
    """The columns of every unique constraint and unique index of the table, once each."""
    seen: set[frozenset[str]] = set()
    table = outline.mapper.local_table
    if not isinstance(table, Table):
        return
    groups: list[tuple[Any, ...]] = [
        tuple(c.columns) for c in table.constraints if isinstance(c, UniqueConstraint)
    ]
    groups += [(column,) for column in table.columns if column.unique]
    groups += [
        tuple(index.columns)
        for index in table.indexes
        if index.unique and len(index.columns) == len(index.expressions) and not _is_partial(index)
    ]
    groups.append(tuple(table.primary_key.columns))
    for columns in groups:
        names = frozenset(column.name for column in columns)
        if names and names not in seen:
            seen.add(names)
            yield columns


def _is_partial(index: Any) -> bool:
    return any(
        index.dialect_options[name].get("where") is not None for name in ("sqlite", "postgresql")
    )


def _duplicates(session: Session, candidate: Candidate) -> Iterator[Violation]:
    outline, shape = candidate.outline, candidate.shape
    for columns in unique_columns(outline):
        if not all(shape.has(column) for column in columns):
            continue
        attributes = [_attribute_of(outline, column) for column in columns]
        if any(a is None for a in attributes):
            continue
        known = [a for a in attributes if a is not None]
        if not any(a.key in candidate.changed for a in known):
            continue
        if any(candidate.values.get(a.key) is None for a in known):
            continue
        conditions = [a.column == candidate.values[a.key] for a in known]
        if candidate.key is not None:
            conditions.append(not_(is_key(outline.mapper, candidate.key)))
        other = session.scalars(readable(outline, shape).where(*conditions).limit(1)).first()
        if other is not None:
            yield _duplicate(candidate, known, other)


def _duplicate(candidate: Candidate, attributes: list[Attribute], other: Any) -> Violation:
    url = candidate.row_url(url_key(candidate.outline.mapper, other))
    link = Markup('<a href="{}">{}</a>').format(url, title_of(candidate.outline, other))
    labels = [a.label for a in attributes]
    if len(labels) == 1:
        message = Markup("{} is already used by {}.").format(labels[0], link)
    else:
        message = Markup("This combination of {} is already used by {}.").format(
            listed(labels), link
        )
    return Violation(tuple(a.name for a in attributes), message)


def _dangling(session: Session, candidate: Candidate) -> Iterator[Violation]:
    for attribute in candidate.outline.attributes:
        value = candidate.values.get(attribute.key)
        if attribute.key not in candidate.changed or value is None:
            continue
        for foreign_key in attribute.column.foreign_keys:
            constraint = foreign_key.constraint
            if constraint is None or len(constraint.elements) != 1:
                continue
            if (
                attribute.relation is not None
                and not shape_of(session, attribute.relation.mapper).exists
            ):
                continue
            target = foreign_key.column
            if session.scalar(select(literal(1)).where(target == value).limit(1)) is None:
                yield Violation(
                    (attribute.name,),
                    f"{attribute.label}: there is no such row any more. Choose another.",
                )


def _failing_checks(session: Session, candidate: Candidate) -> Iterator[Violation]:
    table = candidate.outline.mapper.local_table
    if not isinstance(table, Table):
        return
    for check in table.constraints:
        if not isinstance(check, CheckConstraint) or getattr(check, "_type_bound", False):
            continue
        expression = expression_of(session, candidate.outline, check)
        attributes = named_in(candidate.outline, expression)
        concerned = any(a.key in candidate.changed for a in attributes) or candidate.key is None
        if not concerned or not all(candidate.shape.has(a.column) for a in attributes):
            continue
        if _fails(session, candidate, expression, attributes):
            message = check.info.get("message") or check_words(expression, attributes, check.name)
            yield Violation(tuple(a.name for a in attributes), message)


def expression_of(session: Session, outline: Outline, check: CheckConstraint) -> str:
    """The SQL of a CHECK, its columns without their table."""
    dialect = session.get_bind(outline.mapper).dialect
    compiler: Any = dialect.ddl_compiler(dialect, None)  # type: ignore[arg-type]  # only its inner compiler is used
    return str(
        compiler.sql_compiler.process(check.sqltext, include_table=False, literal_binds=True)
    )


def named_in(outline: Outline, expression: str) -> list[Attribute]:
    """The attributes whose columns an SQL expression names."""
    words = set(re.findall(r"\w+", re.sub(r"'(?:[^']|'')*'", "", expression)))
    return [a for a in outline.attributes if a.column.name in words]


def _fails(
    session: Session, candidate: Candidate, expression: str, attributes: list[Attribute]
) -> bool:
    """Let the database itself evaluate the CHECK over the new values; NULL passes, as in SQL."""
    where: dict[str, Any] = {"mapper": candidate.outline.mapper}
    is_sqlite = session.get_bind(**where).dialect.name == "sqlite"
    columns = []
    for attribute in attributes:
        value = literal(candidate.values.get(attribute.key), attribute.column.type)
        typed = value if is_sqlite else cast(value, attribute.column.type)
        columns.append(typed.label(attribute.column.name))
    if not columns:
        return False
    broken = text(f"CASE WHEN NOT ({expression}) THEN 1 ELSE 0 END".replace(":", r"\:"))
    try:
        with session.begin_nested():
            statement = select(broken).select_from(select(*columns).subquery("new"))
            return bool(session.scalar(statement, bind_arguments=where))
    except SQLAlchemyError:  # something only the table itself can evaluate; the database will say
        return False


def _attribute_of(outline: Outline, column: Any) -> Attribute | None:
    return next((a for a in outline.attributes if a.column is column), None)
