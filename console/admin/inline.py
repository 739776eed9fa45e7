"""inline: the children of a row, seen and edited in the row's own form.

It works without JavaScript: every child is a group of fields with a box that deletes it, and there
is always an empty group for a new one. Only the first children are loaded, however many there are.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from console.admin.edit import Edit
from console.admin.keys import decode, url_key
from console.admin.outline import Attribute, Collection, Outline
from console.admin.rows import read_row, readable, title_of
from console.admin.shape import Shape, shape_of
from console.admin.words import singular

SHOWN = 25
MOST = 200


class Children:
    """The edits of one to-many relation of one parent (None while that is new).

    `total` counts all children; `edits` are those that are shown, new ones last.
    """

    def __init__(
        self,
        session: Session,
        collection: Collection,
        outline: Outline,
        attributes: tuple[Attribute, ...],
        parent_key: Any | None,
    ) -> None:
        self.session, self.collection, self.outline = session, collection, outline
        self.name, self.label = collection.name, collection.label
        self.shape: Shape = shape_of(session, outline.mapper)
        self.attributes = tuple(a for a in attributes if self.shape.has(a.column))
        self.parent_key = parent_key
        self.edits: list[Edit] = []
        self.total = 0

    @property
    def one(self) -> str:
        """What one child is called."""
        return singular(self.label).lower()

    @property
    def exists(self) -> bool:
        """Whether the children's table is in the database."""
        return self.shape.exists

    @property
    def more(self) -> int:
        """How many children are not shown."""
        return max(0, self.total - sum(1 for edit in self.edits if edit.row is not None))

    @property
    def errors(self) -> list[tuple[Edit, str, Any]]:
        """Every error of every child, with its field's name ("" for the whole child)."""
        found = []
        for edit in self.edits:
            for name, messages in edit.form.errors.items():
                found += [(edit, name or "", message) for message in messages]
        return found

    def load(self) -> None:
        """Show the children as they are, and one empty group."""
        if not self.exists:
            return
        for number, row in enumerate(self._rows()):
            edit = self._edit(row, number)
            edit.load()
            self.edits.append(edit)
        self.add_blank()

    def _rows(self) -> list[Any]:
        if self.parent_key is None:
            return []
        mine = self.collection.foreign_key == self.parent_key
        count = select(func.count()).select_from(self.outline.mapper.local_table).where(mine)
        self.total = self.session.scalar(count) or 0
        order = list(self.collection.relation.order_by or ())
        present = [c for c in order if self._is_present(c)]
        statement = readable(self.outline, self.shape).where(mine)
        statement = statement.order_by(*present, *self.outline.mapper.primary_key)
        return list(self.session.scalars(statement.limit(SHOWN)))

    def _is_present(self, clause: Any) -> bool:
        columns = [
            c for c in self.outline.mapper.local_table.columns if c in self.shape.missing_columns
        ]
        return not any(c.name in str(clause) for c in columns)

    def add_blank(self) -> None:
        """One more empty group."""
        edit = self._edit(None, len(self.edits))
        edit.load()
        self.edits.append(edit)

    def _edit(self, row: Any, number: int) -> Edit:
        prefix = f"{self.name}-{number}"
        key = url_key(self.outline.mapper, row) if row is not None else ""
        edit = Edit(self.outline, self.shape, self.attributes, row, prefix, key)
        edit.title = title_of(self.outline, row) if row is not None else ""
        return edit

    def read(self, formdata: Any) -> None:
        """Take what was sent; groups of rows that are gone meanwhile become an error."""
        if not self.exists:
            return
        for number in range(self._count(formdata)):
            prefix = f"{self.name}-{number}-"
            if not any(name.startswith(prefix) for name in formdata):
                continue
            key = formdata.get(f"{prefix}_key", "")
            row = self._own_row(key) if key else None
            edit = self._edit(row, number)
            edit.read(formdata)
            if key and row is None:
                if edit.is_removed:
                    continue
                edit.form.form_errors.append(
                    "Somebody deleted this row meanwhile. Saving adds it anew."
                )
            self.edits.append(edit)
        self._count_all()

    def _count(self, formdata: Any) -> int:
        text = formdata.get(f"{self.name}-_count", "0")
        return min(int(text), MOST) if text.isascii() and text.isdigit() and len(text) < 6 else 0

    def _count_all(self) -> None:
        if self.parent_key is None:
            return
        mine = self.collection.foreign_key == self.parent_key
        count = select(func.count()).select_from(self.outline.mapper.local_table).where(mine)
        self.total = self.session.scalar(count) or 0

    def _own_row(self, text: str) -> Any:
        key = decode(self.outline.mapper, text)
        if key is None or self.parent_key is None:
            return None
        row = read_row(self.session, self.outline, self.shape, key)
        column: Any = self.collection.foreign_key
        owner = self.outline.mapper.get_property_by_column(column).key
        return row if row is not None and getattr(row, owner) == self.parent_key else None

    @property
    def active(self) -> list[Edit]:
        """The edits that are to be saved or removed: new groups left empty are none."""
        return [e for e in self.edits if e.row is not None or not (e.is_blank or e.is_removed)]

    def validate(self) -> bool:
        """Whether every child that stays can be stored as it is."""
        results = [e.validate() for e in self.active if not e.is_removed]
        return all(results)

    @property
    def conflicts(self) -> list[Edit]:
        """The children that somebody else changed meanwhile."""
        return [edit for edit in self.edits if edit.differences]
