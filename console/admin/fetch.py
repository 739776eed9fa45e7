"""fetch: the rows of one list page, in a number of statements that does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select
from sqlalchemy.orm import Session, aliased, load_only, selectinload

from console.admin.keys import key_of
from console.admin.listing import Listing
from console.admin.outline import Attribute, Collection, Outline, plain_outline
from console.admin.rows import readable
from console.admin.shape import Shape, shape_of

MOST_WORDS = 8


@dataclass(frozen=True)
class Page:
    """One page of a list. `counts` is per to-many relation: how many rows each parent has."""

    listing: Listing
    rows: tuple[Any, ...]
    total: int
    counts: dict[str, dict[Any, int]]

    @property
    def last(self) -> int:
        """The number of the last page, at least 1."""
        return max(1, -(-self.total // self.listing.page_size))

    @property
    def first_row(self) -> int:
        """The place of the page's first row, from 1; 0 when there is none."""
        return (self.listing.page - 1) * self.listing.page_size + 1 if self.rows else 0


def fetch(
    session: Session,
    shape: Shape,
    listing: Listing,
    searchable: Iterable[str],
    shown: Iterable[str],
) -> Page:
    """Count, then read one page with the relations among the `shown` names."""
    outline = listing.rules.outline
    where = conditions(session, shape, listing, searchable)
    total = session.scalar(select(func.count()).select_from(outline.mapper).where(*where)) or 0
    last = max(1, -(-total // listing.page_size))
    if listing.page > last:
        notice = f"There is no page {listing.page:,}; this is the last."
        listing = replace(listing, page=last, notices=(*listing.notices, notice))
    statement = readable(outline, shape).where(*where)
    statement = ordered(session, statement, listing)
    for name in shown:
        attribute = outline.attribute(name)
        if attribute is not None and attribute.relation is not None and shape.has(attribute.column):
            statement = _with_relation(session, statement, outline, attribute)
    offset = (listing.page - 1) * listing.page_size
    rows = tuple(session.scalars(statement.limit(listing.page_size).offset(offset)))
    collections = [c for c in (outline.collection(name) for name in shown) if c is not None]
    counts = {c.name: count_children(session, outline, c, rows) for c in collections}
    return Page(
        listing, rows, total, {name: found for name, found in counts.items() if found is not None}
    )


def conditions(
    session: Session, shape: Shape, listing: Listing, searchable: Iterable[str]
) -> list[ColumnElement[bool]]:
    """The WHERE of a listing: every filter, and every word of the search in some searched column."""
    where = [found.condition() for found in listing.filters]
    outline = listing.rules.outline
    names = list(searchable)
    for word in listing.search.split()[:MOST_WORDS]:
        places = [_contains(session, outline, shape, name, word) for name in names]
        found = [place for place in places if place is not None]
        if found:
            where.append(or_(*found))
    return where


def _contains(
    session: Session, outline: Outline, shape: Shape, name: str, word: str
) -> ColumnElement[bool] | None:
    name, _, remote = name.partition(".")
    attribute = outline.attribute(name)
    if attribute is None or not shape.has(attribute.column):
        return None
    if attribute.relation is None:
        return text_contains(attribute, attribute.column, word)
    related = plain_outline(attribute.relation.mapper.class_)
    target = related.attribute(remote) if remote else related.title
    if target is None or not shape_of(session, related.mapper).has(target.column):
        return None
    relation = getattr(outline.mapper.class_, attribute.relation.key)
    found: ColumnElement[bool] = relation.has(text_contains(target, target.column, word))
    return found


def text_contains(attribute: Attribute, column: Any, word: str) -> ColumnElement[bool]:
    """Whether a column contains a text as it is: `%` and `_` mean themselves."""
    text = column if attribute.kind in ("text", "long text") else cast(column, String(200))
    found: ColumnElement[bool] = text.icontains(word, autoescape=True)
    return found


def ordered(session: Session, statement: Any, listing: Listing) -> Any:
    """ORDER BY the listing's columns, and always by the primary key last, so that pages never overlap."""
    outline = listing.rules.outline
    for sort in listing.sorts:
        column: Any = sort.attribute.column
        if sort.attribute.relation is not None:
            statement, column = _related_title(session, statement, outline, sort.attribute)
        statement = statement.order_by(column.desc() if sort.descending else column.asc())
    sorted_already = {sort.attribute.column for sort in listing.sorts}
    rest = [c for c in outline.mapper.primary_key if c not in sorted_already]
    return statement.order_by(*rest) if rest else statement


def _related_title(
    session: Session, statement: Any, outline: Outline, attribute: Attribute
) -> tuple[Any, Any]:
    assert attribute.relation is not None
    related = plain_outline(attribute.relation.mapper.class_)
    shape = shape_of(session, related.mapper)
    if related.title is None or not shape.has(related.title.column):
        return statement, attribute.column
    alias = aliased(related.mapper.class_)
    relation = getattr(outline.mapper.class_, attribute.relation.key)
    return statement.outerjoin(relation.of_type(alias)), getattr(alias, related.title.key)


def _with_relation(session: Session, statement: Any, outline: Outline, attribute: Attribute) -> Any:
    assert attribute.relation is not None
    related = plain_outline(attribute.relation.mapper.class_)
    shape = shape_of(session, related.mapper)
    if not shape.exists:
        return statement
    model = related.mapper.class_
    columns = [getattr(model, key) for key in shape.present_keys(related)]
    relation = getattr(outline.mapper.class_, attribute.relation.key)
    return statement.options(selectinload(relation).options(load_only(*columns, raiseload=True)))


def count_children(
    session: Session, outline: Outline, collection: Collection, rows: Iterable[Any]
) -> dict[Any, int] | None:
    """How many children each row has, in one grouped statement; None when their table is missing."""
    pairs = collection.relation.synchronize_pairs
    if len(pairs) != 1 or not shape_of(session, collection.relation.mapper).exists:
        return None
    child = pairs[0][1]
    keys = [key_of(outline.mapper, row)[0] for row in rows]
    if not keys:
        return {}
    statement = select(child, func.count()).where(and_(child.in_(keys))).group_by(child)
    return {row[0]: row[1] for row in session.execute(statement)}
