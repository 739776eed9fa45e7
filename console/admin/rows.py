"""rows: how a row is read (only the columns that exist) and what it is called."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, false, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, lazyload, load_only, raiseload

from console.admin.keys import encode, is_key, key_of
from console.admin.outline import Outline
from console.admin.shape import Shape
from console.admin.words import label_of, shortened


def readable(outline: Outline, shape: Shape) -> Select[Any]:
    """`select(Model)` that loads only what the database has."""
    model = outline.mapper.class_
    attributes = [getattr(model, key) for key in shape.present_keys(outline)]
    others = lazyload("*") if shape.is_complete else raiseload("*")
    return select(model).options(others, load_only(*attributes, raiseload=True))


def read_row(session: Session, outline: Outline, shape: Shape, key: tuple[Any, ...]) -> Any:
    """The row with this primary key, freshly read, or None."""
    statement = readable(outline, shape).where(is_key(outline.mapper, key))
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def lock_for_writing(session: Session, outline: Outline) -> None:
    """Take the database's write lock before anything is compared, where rows cannot be locked.

    An UPDATE of no row makes SQLite take its RESERVED lock (https://www.sqlite.org/lockingv3.html),
    so that nobody writes between the comparison with the original and the saving.
    """
    table = outline.mapper.local_table
    column = outline.mapper.primary_key[0]
    if session.get_bind(outline.mapper).dialect.name == "sqlite":
        session.execute(update(table).where(false()).values({column.key: column}))  # type: ignore[arg-type]  # a mapper of a class has a table


def read_for_writing(session: Session, outline: Outline, shape: Shape, key: tuple[Any, ...]) -> Any:
    """The row, locked until the transaction ends, or None."""
    lock_for_writing(session, outline)
    statement = readable(outline, shape).where(is_key(outline.mapper, key)).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def values_of(outline: Outline, shape: Shape, row: Any) -> dict[str, Any]:
    """Every value of a loaded row that the database has, by attribute key."""
    return {key: getattr(row, key) for key in shape.present_keys(outline)}


def title_of(outline: Outline, row: Any) -> str:
    """What a person calls the row: its `__str__`, its name, or "Product 3"."""
    if type(row).__str__ is not object.__str__:
        try:
            text = shortened(str(row))
        except (SQLAlchemyError, AttributeError, TypeError, ValueError):
            text = ""
        if text:
            return text
    if outline.title is not None and outline.title.key in row.__dict__:
        text = shortened(str(row.__dict__[outline.title.key] or ""))
        if text:
            return text
    return f"{label_of(outline.mapper.class_.__name__)} {encode(key_of(outline.mapper, row))}"
