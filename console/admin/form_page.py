"""form_page: adding, changing and reading one row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy.exc import StatementError

from console.admin import access, version
from console.admin.cells import Cell, cell_of
from console.admin.columns import Cells
from console.admin.edit import Edit, words_of_changes
from console.admin.fetch import count_children
from console.admin.inline import Children
from console.admin.integrity import explain
from console.admin.keys import decode, encode, key_of
from console.admin.lookup import fill, find_one
from console.admin.outline import Attribute, outline_of
from console.admin.pages import Pages
from console.admin.record import as_data, record
from console.admin.rows import read_for_writing, title_of, values_of
from console.admin.shape import Shape
from console.admin.writing import Refused, write_all


@dataclass
class FormState:
    """A form with everything around it; what the template needs survives a rollback."""

    edit: Edit
    children: list[Children]
    title: str = ""
    id: str = ""
    facts: list[tuple[str, Cell]] = field(default_factory=list)

    @property
    def errors(self) -> list[tuple[str, str, Any]]:
        """Every error for the summary on top: (id of its input, label, message)."""
        found = []
        for name, messages in self.edit.form.errors.items():
            place = _place(self.edit, name, "")
            found += [(*place, message) for message in messages]
        for children in self.children:
            for edit, name, message in children.errors:
                place = _place(edit, name, f"{edit.prefix}-group")
                found.append((*place, message))
        return found

    @property
    def is_conflict(self) -> bool:
        """Whether somebody else changed the row, or one of its children, meanwhile."""
        return bool(self.edit.differences) or any(c.conflicts for c in self.children)


def _place(edit: Edit, name: str | None, otherwise: str) -> tuple[str, str]:
    if not name:
        return otherwise, edit.title
    return edit.form[name].id, edit.form[name].label.text


class FormPage(Pages):
    """`/admin/products/new`, `/admin/products/3/edit`, `/admin/products/3`."""

    @expose("/new", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """The form of a new row."""
        access.require("edit-data")
        shape = self.shape()
        if not shape.exists:
            return self.missing_page(shape)
        if not self.can_create:
            abort(404)
        state = FormState(self._edit_of(shape, None), self._children(None))
        if request.method == "POST":
            return self._posted(shape, state)
        state.edit.load()
        self._prefill(state.edit)
        for children in state.children:
            children.load()
        return self._form(state, shape)

    @expose("/<id>/edit", methods=("GET", "POST"))
    def edit_view(self, id: str) -> Any:
        """The form of a row."""
        access.require("edit-data")
        shape = self.shape()
        if not shape.exists:
            return self.missing_page(shape)
        if not self.can_edit:
            abort(404)
        row = self._row_for_form(shape, id)
        if row is None:
            return self._gone(id)
        state = self._state_of(shape, row)
        if request.method == "POST":
            return self._posted(shape, state)
        state.edit.load()
        for children in state.children:
            children.load()
        return self._form(state, shape)

    @expose("/<id>")
    def details_view(self, id: str) -> Any:
        """A row to read: every column that there is, and how many children it has."""
        shape = self.shape()
        if not shape.exists:
            return self.missing_page(shape)
        row = self.find(shape, id)
        if row is None:
            return self._gone(id)
        facts = self._facts(shape, row, self.outline.attributes, whole=True)
        facts += self._child_counts(shape, row)
        return self.render(
            self.details_template,
            facts=facts,
            title_of_row=title_of(self.outline, row),
            id=id,
            notices=self.notices(shape),
        )

    def _row_for_form(self, shape: Shape, id: str) -> Any:
        key = decode(self.outline.mapper, id)
        if key is None:
            return None
        if request.method == "POST":
            return read_for_writing(self.db_session, self.outline, shape, key)
        return self.find(shape, id)

    def _gone(self, id: str) -> Any:
        response = self.render("admin/gone.html", id=id[:60])
        return response, 404

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

    def _prefill(self, edit: Edit) -> None:
        """`/admin/posts/new?author=3` begins a post of that author."""
        for attribute in edit.attributes:
            text = request.args.get(attribute.parameter, "")
            if (
                text
                and hasattr(edit.form[attribute.name], "process_formdata")
                and attribute.kind != "boolean"
            ):
                try:
                    edit.form[attribute.name].process_formdata([text[:1000]])
                except ValueError:
                    edit.form[attribute.name].process_data(None)

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

    # --- saving --------------------------------------------------------------------------------

    def _posted(self, shape: Shape, state: FormState) -> Any:
        edit = state.edit
        edit.read(request.form)
        for children in state.children:
            children.read(request.form)
        if "_find" in request.form or "_more" in request.form:
            for children in state.children:
                if children.exists and (
                    children.name == request.form.get("_more") or not children.edits
                ):
                    children.add_blank()
            return self._form(state, shape)
        if state.is_conflict:
            return self._again(state, shape, 409)
        valid = [edit.validate(), *(children.validate() for children in state.children)]
        if not all(valid):
            return self._again(state, shape, 422)
        before = dict(edit.current)
        changes = edit.changes()
        try:
            key, notes = write_all(self, shape, edit, state.children)
            self.db_session.commit()
        except Refused:
            return self._again(state, shape, 422)
        except StatementError as error:
            self.db_session.rollback()
            found = explain(error, self.outline)
            for name in found.names or ("",):
                edit.form.add_error(name, found.message)
            return self._again(state, shape, 422)
        return self._saved(shape, state, key, before, changes, notes)

    def _again(self, state: FormState, shape: Shape, status: int) -> Any:
        self.db_session.rollback()
        return self._form(state, shape), status

    def _saved(
        self,
        shape: Shape,
        state: FormState,
        key: tuple[Any, ...],
        before: dict[str, Any],
        changes: dict[str, Any],
        notes: list[str],
    ) -> Any:
        row = self.find(shape, encode(key))
        title = title_of(self.outline, row) if row is not None else encode(key)
        is_new = not state.id
        if is_new:
            text = f"created {self.one} {title}."
            data = as_data({}, values_of(self.outline, shape, row)) if row is not None else {}
        else:
            words = words_of_changes(self.outline, before, changes) if changes else ""
            text = (
                f"changed {words.replace(' from ', f' of {title} from ', 1)}."
                if words
                else f"changed {title}."
            )
            data = as_data(before, changes)
        if notes:
            text = (
                f"{text[:-1]}, and {'; '.join(notes)}."
                if changes or is_new
                else f"{'; '.join(notes)} of {title}."
            )
        if is_new or changes or notes:
            action = f"{self.one}.{'created' if is_new else 'edited'}"
            record(action=action, subject=f"{self.one} {encode(key)}", text=text, data=data)
        link = Markup('<a href="{}">{}</a>').format(self.url_to("edit", id=encode(key)), title)
        done = (
            "was added"
            if is_new
            else ("was saved" if changes or notes else "was left as it is: nothing was changed")
        )
        flash(Markup("{} {}.").format(link, done), "success")
        return redirect(self._after(encode(key)))

    def _after(self, id: str) -> str:
        if "_continue" in request.form:
            return self.url_to("edit", id=id)
        if "_another" in request.form:
            return self.url_to("create")
        return self.back_url()

    def _form(self, state: FormState, shape: Shape) -> str:
        for edit in [state.edit, *(e for c in state.children for e in c.edits)]:
            for row_field in edit.row_fields():
                search = request.form.get(f"{row_field.name}.find", "")
                fill(self.db_session, row_field, self.lookup_names(row_field.attribute), search)
        template = self.edit_template if state.id else self.create_template
        return self.render(
            template,
            state=state,
            edit=state.edit,
            back=self.back_url(),
            notices=self.notices(shape),
            dump=version.dump,
            lookup_url=self._lookup_url,
        )

    def _lookup_url(self, edit: Edit, row_field: Any) -> str:
        """Where a field's rows are looked up: at this view, or at the one that shows the child."""
        view = (
            self
            if edit.outline.mapper is self.outline.mapper
            else self.view_of(edit.outline.mapper.class_)
        )
        return view.url_to_lookup(row_field.attribute.name) if view is not None else ""

    def url_to_lookup(self, name: str) -> str:
        """The address of the lookup of a to-one relation."""
        return url_for(f"{self.endpoint}.lookup_view", relation=name)

    def lookup_names(self, attribute: Attribute) -> tuple[str, ...] | None:
        """What is searched for a relation: `form_ajax_refs[name]["fields"]`, as in Flask-Admin."""
        options = (self.form_ajax_refs or {}).get(attribute.name)
        fields = options.get("fields") if isinstance(options, dict) else None
        return tuple(str(getattr(f, "key", f)) for f in fields) if fields else None
