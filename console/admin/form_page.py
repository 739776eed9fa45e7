"""form_page: adding, changing and reading one row."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy.exc import StatementError

from console.admin import access, version
from console.admin.edit import Edit
from console.admin.form_parts import FormParts
from console.admin.form_state import FormState
from console.admin.integrity import explain
from console.admin.keys import decode
from console.admin.kinds import to_text
from console.admin.lookup import fill, find_one
from console.admin.outline import Attribute
from console.admin.record import as_data, record
from console.admin.rows import read_for_writing, title_of
from console.admin.sentences import Done
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
        try:
            done = write_all(self, shape, edit, state.children)
            self.db_session.commit()
        except Refused:
            return self._again(state, shape, 422)
        except StatementError as error:
            self.db_session.rollback()
            found = explain(error, self.outline)  # raises what no typed value can mend
            for name in found.names or ("",):
                edit.form.add_error(name, found.message)
            return self._again(state, shape, 422)
        return self._saved(shape, state, done)

    def _again(self, state: FormState, shape: Shape, status: int) -> Any:
        self.db_session.rollback()
        return self._form(state, shape), status

    def _saved(self, shape: Shape, state: FormState, done: list[Done]) -> Any:
        """Tell the audit trail and the person, and go where the button said."""
        for entry in done:
            record(
                action=entry.action,
                subject=entry.subject,
                text=entry.sentence(self._named),
                data=as_data(entry.before, entry.after),
            )
        id = state.id or done[0].id
        row = self.find(shape, id)
        title = title_of(self.outline, row) if row is not None else state.title
        link = Markup('<a href="{}">{}</a>').format(self.url_to("edit", id=id), title)
        said = "was saved" if done else "was left as it is: nothing was changed"
        flash(Markup("{} {}.").format(link, said if state.id else "was added"), "success")
        return redirect(self._after(id))

    def _named(self, attribute: Attribute, value: Any) -> str:
        text = to_text(value)
        found = find_one(self.db_session, attribute, None, text)
        return found.text if found is not None else f"#{text}"

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
