"""form_parts: what the form of a model consists of: its fields, its children, the facts beside them."""

from __future__ import annotations

from typing import Any

from flask import url_for

from console.admin.cells import Cell, cell_of
from console.admin.columns import Cells
from console.admin.edit import Edit
from console.admin.fetch import count_children
from console.admin.form_state import FormState
from console.admin.inline import Children
from console.admin.keys import encode, key_of
from console.admin.lookup import find_one
from console.admin.outline import Attribute, outline_of
from console.admin.pages import Pages
from console.admin.rows import title_of
from console.admin.shape import Shape


class FormParts(Pages):
    """`form_columns`, `form_excluded_columns`, `inline_models` and `form_ajax_refs`, as in Flask-Admin."""

    def _state_of(self, shape: Shape, row: Any) -> FormState:
        key = key_of(self.outline.mapper, row)
        inside = {a.name for a in self.form_attributes(row)}
        rest = tuple(a for a in self.outline.attributes if a.name not in inside)
        return FormState(
            self._edit_of(shape, row),
            self._children(key[0] if len(key) == 1 else None),
            title_of(self.outline, row),
            encode(key),
            self._facts(shape, row, rest)
            + self._child_counts(shape, row, leave=self.inline_names()),
        )

    def _edit_of(self, shape: Shape, row: Any) -> Edit:
        return Edit(self.outline, shape, self.form_attributes(row), row)

    def form_attributes(self, row: Any) -> tuple[Attribute, ...]:
        """The attributes in the form: `form_columns`, or what a person can be asked for."""
        excluded = {getattr(n, "key", n) for n in self.form_excluded_columns or ()}
        if self.form_columns:
            names = [str(getattr(name, "key", name)) for name in self.form_columns]
            found = [self.outline.attribute(name) for name in names]
            return tuple(a for a in found if a is not None and a.name not in excluded)
        return tuple(
            a
            for a in self.outline.attributes
            if not a.is_generated
            and a.name not in excluded
            and not (row is not None and a.column.primary_key)
        )

    def inline_names(self) -> tuple[str, ...]:
        """The relations in `inline_models`: names of relations, or models, or (model, options)."""
        return tuple(name for name, _ in self._inlines())

    def _inlines(self) -> list[tuple[str, dict[str, Any]]]:
        found = []
        for entry in self.inline_models or ():
            wanted, options = entry if isinstance(entry, tuple) else (entry, {})
            for collection in self.outline.collections:
                if collection.foreign_key is None:
                    continue
                if wanted in (collection.name, collection.relation.mapper.class_):
                    found.append((collection.name, dict(options)))
        return found

    def _children(self, parent_key: Any) -> list[Children]:
        found = []
        for name, options in self._inlines():
            collection = self.outline.collection(name)
            assert collection is not None
            outline = outline_of(
                collection.relation.mapper.class_, options.get("labels"), options.get("help")
            )
            wanted = options.get("form_columns")
            attributes = tuple(
                a
                for a in outline.attributes
                if a.column is not collection.foreign_key
                and (a.name in wanted if wanted else not a.is_generated)
            )
            found.append(Children(self.db_session, collection, outline, attributes, parent_key))
        return found

    def _facts(
        self, shape: Shape, row: Any, attributes: tuple[Attribute, ...], *, whole: bool = False
    ) -> list[tuple[str, Cell]]:
        found = []
        for attribute in attributes:
            if not shape.has(attribute.column):
                continue
            value = getattr(row, attribute.key)
            cell = cell_of(attribute, value, whole=whole)
            if attribute.relation is not None and value is not None:
                other = find_one(self.db_session, attribute, None, cell.text)
                url = self.url_of_row(attribute.relation.mapper.class_, encode((value,)))
                cell = Cell("row", other.text if other else f"#{cell.text}", value, url)
            found.append((attribute.label, cell))
        return found

    def _child_counts(
        self, shape: Shape, row: Any, leave: tuple[str, ...] = ()
    ) -> list[tuple[str, Cell]]:
        found = []
        for collection in self.outline.collections:
            counts = count_children(self.db_session, self.outline, collection, [row])
            if counts is not None and collection.name not in leave:
                drawer = Cells(
                    self,
                    self.outline,
                    shape,
                    {collection.name: counts},
                    self.url_of_row,
                    self.url_of_children,
                )
                found.append((collection.label, drawer._count(row, collection)))
        return found

    def url_to_lookup(self, name: str) -> str:
        """The address of the lookup of a to-one relation."""
        return url_for(f"{self.endpoint}.lookup_view", relation=name)

    def lookup_names(self, attribute: Attribute) -> tuple[str, ...] | None:
        """What is searched for a relation: `form_ajax_refs[name]["fields"]`, as in Flask-Admin."""
        options = (self.form_ajax_refs or {}).get(attribute.name)
        fields = options.get("fields") if isinstance(options, dict) else None
        return tuple(str(getattr(f, "key", f)) for f in fields) if fields else None
