"""lookup: rows that another row can point at, found by what a person types; never the whole table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_
from sqlalchemy.orm import Session

from console.admin.fetch import text_contains
from console.admin.fields import RowField
from console.admin.keys import is_key, key_of
from console.admin.kinds import Invalid, parse, to_text
from console.admin.outline import Attribute, Outline, plain_outline
from console.admin.rows import readable, title_of
from console.admin.shape import Shape, shape_of

PAGE = 20
MOST = 50
FIRST = 50
LAST_PAGE = 10_000


@dataclass(frozen=True)
class Found:
    """One row to choose: its key as text, what it is called, and what tells it from its namesakes."""

    value: str
    text: str
    detail: str

    @property
    def label(self) -> str:
        """ "Ada Lovelace (ada@example.com)"."""
        return f"{self.text} ({self.detail})" if self.detail else self.text


def fields_of(related: Outline, names: Sequence[str] | None) -> list[Attribute]:
    """The attributes that are searched: those named, or the title and two other short texts."""
    if names:
        found = [related.attribute(name) for name in names]
        return [a for a in found if a is not None]
    texts = [a for a in related.attributes if a.kind == "text" and a.relation is None]
    title = [related.title] if related.title else []
    return list(dict.fromkeys([*title, *texts]))[:3]


def look_up(
    session: Session,
    attribute: Attribute,
    names: Sequence[str] | None,
    text: str,
    page: int = 1,
    limit: int = PAGE,
) -> tuple[tuple[Found, ...], bool]:
    """One page of rows that contain every word of `text`, and whether there are more."""
    assert attribute.relation is not None
    related = plain_outline(attribute.relation.mapper.class_)
    shape = shape_of(session, related.mapper)
    if not shape.exists:
        return (), False
    limit, page = max(1, min(limit, MOST)), max(1, min(page, LAST_PAGE))
    searched = [a for a in fields_of(related, names) if shape.has(a.column)]
    statement = readable(related, shape)
    for word in text.replace("\x00", " ")[:200].split()[:8]:
        places = [text_contains(a, a.column, word) for a in searched]
        if places:
            statement = statement.where(or_(*places))
    order = [related.title.column] if related.title and shape.has(related.title.column) else []
    statement = statement.order_by(*order, *related.mapper.primary_key)
    rows = list(session.scalars(statement.limit(limit + 1).offset((page - 1) * limit)))
    return tuple(found_of(related, shape, searched, row) for row in rows[:limit]), len(rows) > limit


def found_of(related: Outline, shape: Shape, searched: Sequence[Attribute], row: Any) -> Found:
    """The row as a choice."""
    title = title_of(related, row)
    values = [to_text(getattr(row, a.key)) for a in searched if shape.has(a.column)]
    detail = next((value for value in values if value and value != title), "")
    return Found(to_text(key_of(related.mapper, row)[0]), title, detail)


def find_one(
    session: Session, attribute: Attribute, names: Sequence[str] | None, text: str
) -> Found | None:
    """The row that a foreign key's text points at, or None."""
    assert attribute.relation is not None
    related = plain_outline(attribute.relation.mapper.class_)
    shape = shape_of(session, related.mapper)
    try:
        value = parse(attribute.kind, attribute.column.type, text)
    except Invalid:
        return None
    if not shape.exists or value is None:
        return None
    statement = readable(related, shape).where(is_key(related.mapper, (value,)))
    row = session.scalars(statement).one_or_none()
    return found_of(related, shape, fields_of(related, names), row) if row is not None else None


def fill(session: Session, field: RowField, names: Sequence[str] | None, search: str) -> None:
    """Give a field what it offers without JavaScript: the chosen row, and the first that are found."""
    found, field.more = look_up(session, field.attribute, names, search, 1, FIRST)
    field.search = search
    chosen = find_one(session, field.attribute, names, field.text) if field.text else None
    first = (chosen,) if chosen is not None else ()
    rows = (*first, *(row for row in found if chosen is None or row.value != chosen.value))
    field.found = tuple((row.value, row.label) for row in rows)
