"""form_page: adding, changing and reading one row."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy.exc import StatementError

from console.admin import access, version
from console.admin.edit import Edit, words_of_changes
from console.admin.form_parts import FormParts
from console.admin.form_state import FormState
from console.admin.integrity import explain
from console.admin.keys import decode, encode
from console.admin.lookup import fill
from console.admin.record import as_data, record
from console.admin.rows import read_for_writing, title_of, values_of
from console.admin.shape import Shape
from console.admin.writing import Refused, write_all


class FormPage(FormParts):
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
