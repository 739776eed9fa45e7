"""edit: one row in a form: what it was, what was typed, what would change."""

from __future__ import annotations

from typing import Any

from sqlalchemy.sql.schema import ScalarElementColumnDefault
from wtforms.form import BaseForm

from console.admin import version
from console.admin.fields import RowField, field_of
from console.admin.kinds import to_text
from console.admin.outline import Attribute, Outline
from console.admin.shape import Shape


class RowForm(BaseForm):
    """The fields of one row, by attribute name; the ids of its inputs meet no other id of a page."""

    def __init__(self, fields: dict[str, Any], prefix: str = "") -> None:
        super().__init__(fields, prefix=prefix)
        for field in self:
            field.id = f"field-{field.name}"
            field.label.field_id = field.id

    def add_error(self, name: str, message: Any) -> None:
        """Put an error at a field, or on top of the form if it has no such field."""
        if name in self:
            self[name].errors = [*self[name].errors, message]
        else:
            self.form_errors.append(message)


class Edit:
    """One row in a form: a row of the database, or a new one (`row` is None).

    `differences` are what others changed since the form was opened, `prefix` the place of an inline
    row ("posts-0"), `is_removed` that its delete box was ticked.
    """

    def __init__(
        self,
        outline: Outline,
        shape: Shape,
        attributes: tuple[Attribute, ...],
        row: Any = None,
        prefix: str = "",
        key: str = "",
    ) -> None:
        self.outline, self.shape, self.row = outline, shape, row
        self.prefix, self.key = prefix, key
        self.lead = f"{prefix}-" if prefix else ""
        fields = {a.name: field_of(a) for a in attributes if shape.has(a.column)}
        self.form = RowForm({n: f for n, f in fields.items() if f is not None}, prefix=prefix)
        self.attributes = tuple(a for a in attributes if a.name in self.form)
        self.current = self._values_of_row()
        self.original = version.snapshot(self.attributes, self.current) if row is not None else {}
        self.version = version.digest(self.original)
        self.differences: tuple[version.Difference, ...] = ()
        self.is_removed = False
        self.title = ""

    def _values_of_row(self) -> dict[str, Any]:
        if self.row is not None:
            return {a.key: getattr(self.row, a.key) for a in self.attributes}
        return {a.key: _default(a) for a in self.attributes}

    def load(self) -> None:
        """Show the row as it is, or the defaults of a new one."""
        self.form.process(data={a.name: self.current[a.key] for a in self.attributes})

    def read(self, formdata: Any) -> None:
        """Take what was sent, and find out whether somebody changed the row meanwhile."""
        self.form.process(formdata)
        self.is_removed = bool(formdata.get(f"{self.lead}_delete"))
        if self.row is None or formdata.get(f"{self.lead}_version") == self.version:
            return
        original = version.load(formdata.get(f"{self.lead}_original"))
        self.differences = version.differences(
            self.attributes, original, self.original, self.texts()
        )
        self._keep_what_only_they_changed()

    def _keep_what_only_they_changed(self) -> None:
        """Fields that I left alone take their new values, so that saving again loses nothing."""
        for difference in self.differences:
            if difference.yours == difference.original:
                field = self.form[difference.attribute.name]
                field.process_errors = []
                field.process_data(self.current[difference.attribute.key])

    def texts(self) -> dict[str, str]:
        """What stands in the fields."""
        return {a.name: _text(self.form[a.name]) for a in self.attributes}

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed into a new row."""
        defaults = version.snapshot(self.attributes, {a.key: _default(a) for a in self.attributes})
        texts = self.texts()
        return all(not texts[name] or texts[name] == defaults[name] for name in texts)

    def validate(self) -> bool:
        """Whether every field can be stored as it is."""
        self.form.validate()
        for attribute in self.attributes if self.row is not None else ():
            field = self.form[attribute.name]
            if field.data is None and not attribute.is_nullable and not field.errors:
                self.form.add_error(attribute.name, f"{attribute.label} cannot be empty.")
        return not self.form.errors

    def values(self) -> dict[str, Any]:
        """What was typed, by attribute key; what a default fills in later is left out."""
        found = {}
        for attribute in self.attributes:
            value = self.form[attribute.name].data
            is_left_to_default = (
                attribute.has_default
                and (value is None or (value == "" and self.row is None))
                and (self.row is None or not attribute.is_nullable)
            )
            if not is_left_to_default:
                found[attribute.key] = value
        return found

    def changes(self) -> dict[str, Any]:
        """The values that differ from the row's: all of them for a new row."""
        values = self.values()
        if self.row is None:
            return values
        return {k: v for k, v in values.items() if not _is_same(self.current[k], v)}

    def row_fields(self) -> list[RowField]:
        """The fields that choose another row."""
        return [field for field in self.form if isinstance(field, RowField)]


def _text(field: Any) -> str:
    if field.process_errors or field.data is None:
        return version.normal(field.text)
    return version.normal(to_text(field.data))


def _default(attribute: Attribute) -> Any:
    default = attribute.column.default
    return default.arg if isinstance(default, ScalarElementColumnDefault) else None


def _is_same(before: Any, after: Any) -> bool:
    if isinstance(before, str) and isinstance(after, str):
        return version.normal(before) in (after, version.normal(after)) or before.strip() == after
    if before is None and after == "":
        return True
    return bool(before == after)
