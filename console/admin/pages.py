"""pages: what every page of a model shares: its outline, its session, its addresses."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import request, url_for
from flask_admin.contrib import sqla
from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)
from sqlalchemy.orm import Session

from console.admin import access
from console.admin.columns import Column, column_of
from console.admin.framed import ConsoleView
from console.admin.keys import decode, encode
from console.admin.listing import Listing
from console.admin.notices import Notice, missing_columns_notice, missing_table_notice
from console.admin.outline import Collection, Outline, outline_of
from console.admin.rows import read_row, readable
from console.admin.shape import Shape, shape_of
from console.admin.words import label_of, plural, singular

log = logging.getLogger(__name__)

HEAVY = ("long text", "json", "binary", "other")


class Pages(ConsoleView, sqla.ModelView):
    """Flask-Admin's ModelView with its registration and its options, and none of its pages."""

    # Flask-Admin's own pages are closed (404); those of the other modules take the place of some.
    index_view = create_view = edit_view = details_view = delete_view = action_view = None
    export = ajax_update = ajax_lookup = None
    details_template = "admin/details.html"
    list_template = "admin/list.html"
    create_template = "admin/form.html"
    edit_template = "admin/form.html"

    singular_name = ""  # "product"; from the model's name when empty
    plural_name = ""

    def _refresh_cache(self) -> None:
        """Called once by Flask-Admin's constructor; its forms, filters and searches are not made."""
        for name in (
            "column_labels",
            "column_descriptions",
            "column_formatters",
            "form_widget_args",
        ):
            if getattr(self, name) is None:
                setattr(self, name, {})
        self.column_editable_list = None
        self.outline: Outline = outline_of(self.model, self.column_labels, self.column_descriptions)
        self._list_columns = self.get_list_columns()
        self._sortable_columns: dict[str, Any] = {}
        self.one = self.singular_name or label_of(self.model.__name__).lower()
        self.many = self.plural_name or plural(self.one)

    def scaffold_list_columns(self) -> list[str]:
        """Everything but keys and what is too long for a cell."""
        shown = [
            a.name
            for a in self.outline.attributes
            if not (a.column.primary_key and a.relation is None) and a.kind not in HEAVY
        ]
        keys = [a.name for a in self.outline.attributes if a.column.primary_key]
        return shown if self.outline.title is not None else list(dict.fromkeys([*keys, *shown]))

    # --- what there is -------------------------------------------------------------------------

    @property
    def db_session(self) -> Session:
        """The managed session of this request."""
        session = self.session.session if hasattr(self.session, "session") else self.session
        found: Session = session() if callable(session) else session
        return found

    def shape(self) -> Shape:
        """What the database has of this model."""
        return shape_of(self.db_session, self.outline.mapper)

    def columns(self, shape: Shape) -> tuple[Column, ...]:
        """The list's columns that can be shown now."""
        found = []
        for name, label in self._list_columns:
            column = column_of(self.outline, str(name), label, self.column_formatters.get(name))
            if column.attribute is not None and not shape.has(column.attribute.column):
                continue
            if column.collection is not None and not self._shape_of(column.collection).exists:
                continue
            found.append(column)
        return tuple(found)

    def _shape_of(self, collection: Collection) -> Shape:
        return shape_of(self.db_session, collection.relation.mapper)

    def notices(self, shape: Shape) -> list[Notice]:
        """What this page does without, because the database lags behind the code."""
        found = []
        missing = [c.name for c in shape.missing_columns]
        if missing:
            found.append(missing_columns_notice(str(self.outline.mapper.local_table), missing))
        shown = {str(name) for name, _ in self._list_columns} | {
            str(n) for n in self.inline_names()
        }
        related = [c.relation.mapper for c in self.outline.collections if c.name in shown]
        related += [a.relation.mapper for a in self.outline.attributes if a.relation is not None]
        for mapper in dict.fromkeys(related):
            if mapper is self.outline.mapper:
                continue
            other = shape_of(self.db_session, mapper)
            for table in other.missing_tables:
                notice = missing_table_notice(table)
                title = f"The table {table} does not exist in the database yet"
                found.append(Notice(title, notice.text, notice.url, notice.link))
        return found

    def inline_names(self) -> tuple[str, ...]:
        """The to-many relations that the form edits; `FormPage` knows."""
        return ()

    def find(self, shape: Shape, id: str) -> Any:
        """The row of a URL, or None."""
        key = decode(self.outline.mapper, id)
        return read_row(self.db_session, self.outline, shape, key) if key is not None else None

    def readable(self, shape: Shape) -> Any:
        """`select(Model)` of what there is."""
        return readable(self.outline, shape)

    # --- addresses -----------------------------------------------------------------------------

    def url_to(self, action: str, **values: Any) -> str:
        """The address of one of this model's pages: "index", "create", "edit", …"""
        return url_for(f"{self.endpoint}.{action}_view", **values)

    def list_url(self, listing: Listing) -> str:
        """The address of a list in this very state."""
        arguments = urlencode(listing.arguments(), safe=",.-")
        return self.url_to("index") + (f"?{arguments}" if arguments else "")

    def row_url(self, id: str) -> str:
        """Where a row is edited, or read by those who may not edit."""
        return self.url_to("edit" if self.may_edit else "details", id=id)

    def view_of(self, model: type[Any]) -> Pages | None:
        """The view that shows another model, if one does and may be seen."""
        for view in self.admin._views if self.admin is not None else ():
            if isinstance(view, Pages) and view.model is model and view.is_accessible():
                return view
        return None

    def url_of_row(self, model: type[Any], id: str) -> str | None:
        """The page of a row of another model."""
        view = self.view_of(model)
        return view.row_url(id) if view is not None else None

    def url_of_children(self, collection: Collection, key: Any) -> str | None:
        """The list of a row's children."""
        view = self.view_of(collection.relation.mapper.class_)
        column = collection.foreign_key
        if view is None or column is None:
            return None
        attribute = next((a for a in view.outline.attributes if a.column is column), None)
        if attribute is None or attribute.name not in view.filterable():
            return None
        return f"{view.url_to('index')}?{urlencode({attribute.parameter: encode((key,))})}"

    def filterable(self) -> frozenset[str]:
        """The attributes that the list can be narrowed by; `ListPage` knows."""
        return frozenset()

    def back_url(self) -> str:
        """The list that the person came from, with its search and filters."""
        given = request.values.get("_next") or request.args.get("next") or ""
        parts = urlsplit(given) if given.startswith("/") and not given.startswith("//") else None
        mine = self.url_to("index")
        if parts is None or parts.path != mine or "\\" in given or not given.isprintable():
            return mine
        return given

    # --- who may -------------------------------------------------------------------------------

    @property
    def may_edit(self) -> bool:
        """Whether the account may change rows and the view lets anybody."""
        return bool(self.can_edit) and access.may("edit-data")

    @property
    def may_create(self) -> bool:
        """Whether the account may add rows."""
        return bool(self.can_create) and access.may("edit-data")

    @property
    def may_delete(self) -> bool:
        """Whether the account may delete rows."""
        return bool(self.can_delete) and access.may("edit-data")

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        # Flask-Admin calls a view twice when it raises TypeError; ours are called once.
        try:
            return fn(self, *args, **kwargs)
        except DatabaseError as error:
            if isinstance(error, (DataError, IntegrityError, NotSupportedError, ProgrammingError)):
                raise
            log.exception("the managed database did not answer %s %s", request.method, request.path)
            self.db_session.rollback()
            return self.render("admin/busy.html", is_write=request.method == "POST"), 503

    def missing_page(self, shape: Shape) -> Any:
        """The page of a model whose table is not there."""
        notice = missing_table_notice(shape.missing_tables[0])
        return self.render("admin/missing.html", notice=notice, table=shape.missing_tables[0])


def names_for(model: type[Any]) -> tuple[str, str]:
    """What a model is called by default: (its endpoint, its heading), from its table's name."""
    table = str(getattr(model, "__tablename__", "") or plural(model.__name__.lower()))
    return table, label_of(table if singular(table) != table else plural(table))
