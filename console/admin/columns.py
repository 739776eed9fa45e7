"""columns: the columns of a list page, and what stands in each cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from console.admin.cells import EMPTY, Cell, cell_of
from console.admin.keys import key_of, url_key
from console.admin.kinds import NUMBERS, to_text
from console.admin.outline import Attribute, Collection, Outline, plain_outline
from console.admin.rows import title_of
from console.admin.shape import Shape
from console.admin.words import shortened

UrlOfRow = Callable[[type[Any], str], str | None]
UrlOfChildren = Callable[[Collection, Any], str | None]


@dataclass(frozen=True)
class Column:
    """One column: an attribute, a to-many relation to count, or anything that the model computes."""

    name: str
    label: str
    attribute: Attribute | None = None
    collection: Collection | None = None
    formatter: Callable[..., Any] | None = None

    @property
    def is_number(self) -> bool:
        """Whether its cells stand at the right."""
        if self.collection is not None:
            return True
        kind = self.attribute.kind if self.attribute else ""
        return kind in NUMBERS and self.attribute is not None and self.attribute.relation is None


def column_of(outline: Outline, name: str, label: str, formatter: Any = None) -> Column:
    """The column that a view calls `name`."""
    attribute = outline.attribute(name)
    collection = outline.collection(name)
    found = attribute or collection
    return Column(name, found.label if found else label, attribute, collection, formatter)


@dataclass(frozen=True)
class Cells:
    """Draws the cells of the rows of one page."""

    view: Any
    outline: Outline
    shape: Shape
    counts: dict[str, dict[Any, int]]
    url_of_row: UrlOfRow
    url_of_children: UrlOfChildren

    def cell(self, row: Any, column: Column) -> Cell:
        """One cell; whatever a formatter of the view returns goes first."""
        if column.formatter is not None:
            made = column.formatter(self.view, None, row, column.name)
            return Cell("text", made) if made not in (None, "") else EMPTY
        if column.collection is not None:
            return self._count(row, column.collection)
        attribute = column.attribute
        if attribute is None:
            return self._computed(row, column.name)
        if attribute.relation is not None:
            return related_cell(row, attribute, self.url_of_row)
        return cell_of(attribute, getattr(row, attribute.key))

    def _count(self, row: Any, collection: Collection) -> Cell:
        counts = self.counts.get(collection.name)
        if counts is None:
            return EMPTY
        key = key_of(self.outline.mapper, row)[0]
        number = counts.get(key, 0)
        return Cell("count", f"{number:,}", number, self.url_of_children(collection, key))

    def _computed(self, row: Any, name: str) -> Cell:
        try:
            value: Any = row
            for part in name.split("."):
                value = getattr(value, part)
        except (AttributeError, SQLAlchemyError):
            return EMPTY
        text = shortened(to_text(value), 120)
        return Cell("text", text) if text else EMPTY


def related_cell(row: Any, attribute: Attribute, url_of_row: UrlOfRow) -> Cell:
    """The row that a foreign key points at, by name and with a link; by key while it is not loaded."""
    value = getattr(row, attribute.key)
    if value is None:
        return EMPTY
    relation = attribute.relation
    assert relation is not None
    related = row.__dict__.get(relation.key)
    if related is None:
        return Cell("text", f"#{to_text(value)}")
    outline = plain_outline(relation.mapper.class_)
    url = url_of_row(relation.mapper.class_, url_key(relation.mapper, related))
    return Cell("row", title_of(outline, related), value, url)
