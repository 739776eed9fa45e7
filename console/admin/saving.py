"""saving: one row written: through the ORM when the table is complete, by its columns while it lags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, FetchedValue, MetaData, Table, and_, insert, update
from sqlalchemy.orm import Session

from console.admin.keys import key_of
from console.admin.outline import Outline
from console.admin.shape import Shape


def insert_row(
    session: Session, outline: Outline, shape: Shape, values: Mapping[str, Any], instance: Any
) -> tuple[Any, ...]:
    """Write a new row and flush; returns its key. `instance` is an unsaved object of the model."""
    if shape.is_complete:
        for key, value in values.items():
            setattr(instance, key, value)
        session.add(instance)
        session.flush()
        return key_of(outline.mapper, instance)
    table = present_table(outline, shape)
    result: Any = session.execute(
        insert(table).values(_by_column(outline, values)), bind_arguments={"mapper": outline.mapper}
    )
    return tuple(result.inserted_primary_key or ())


def update_row(
    session: Session, outline: Outline, shape: Shape, row: Any, values: Mapping[str, Any]
) -> None:
    """Change the given values of a loaded row and flush; nothing else of it is written."""
    if not values:
        return
    if shape.is_complete:
        for name, value in values.items():
            setattr(row, name, value)
        session.flush()
        return
    table = present_table(outline, shape)
    key = key_of(outline.mapper, row)
    where = _same_key(table, outline, key)
    session.execute(
        update(table).where(where).values(_by_column(outline, values)),
        bind_arguments={"mapper": outline.mapper},
    )


def present_table(outline: Outline, shape: Shape) -> Table:
    """The model's table with only the columns that the database has, and their defaults.

    The mapped table cannot be used: its INSERT names every column that has a default.
    """
    original: Any = outline.mapper.local_table
    columns: list[Column[Any]] = [
        Column(
            column.name,
            column.type,
            primary_key=column.primary_key,
            nullable=column.nullable,
            autoincrement=column.autoincrement,
            default=getattr(column.default, "arg", None),
            onupdate=getattr(column.onupdate, "arg", None),
            server_default=FetchedValue() if column.server_default is not None else None,
        )
        for column in original.columns
        if shape.has(column)
    ]
    return Table(original.name, MetaData(), *columns, schema=original.schema)


def _by_column(outline: Outline, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {a.key: a.column.name for a in outline.attributes}
    return {names[key]: value for key, value in values.items()}


def _same_key(table: Table, outline: Outline, key: tuple[Any, ...]) -> Any:
    columns = [table.c[column.name] for column in outline.mapper.primary_key]
    return and_(*(column == value for column, value in zip(columns, key, strict=True)))
