"""fields: WTForms fields that keep what was typed, and say in words what cannot be stored.

Forms are made from a dict of fields (`wtforms.form.BaseForm`), so that a column may be called
`meta`, `data` or `process`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup
from wtforms import BooleanField, Field
from wtforms.validators import ValidationError
from wtforms.widgets import (
    DateInput,
    DateTimeLocalInput,
    TextArea,
    TextInput,
    TimeInput,
    html_params,
)

from console.admin.kinds import Invalid, choices_of, parse, to_text
from console.admin.outline import Attribute


class SelectWidget:
    """A plain select over `field.options()`."""

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        """The element, with every option escaped."""
        kwargs.setdefault("id", field.id)
        if field.flags.required:
            kwargs.setdefault("required", True)
        options = (
            Markup('<option value="{}"{}>{}</option>').format(
                value, Markup(" selected") if value == field.text else "", text
            )
            for value, text in field.options()
        )
        opening = Markup(f"<select {html_params(name=field.name, **kwargs)}>")  # noqa: S704 - html_params escapes
        return opening + Markup("").join(options) + Markup("</select>")


class ValueField(Field):
    """One column: `text` as typed, `data` the value it means, or None with an error."""

    text: str = ""

    def __init__(self, attribute: Attribute, **kwargs: Any) -> None:
        super().__init__(label=attribute.label, validators=[], description=attribute.help, **kwargs)
        self.attribute = attribute
        self.widget = _WIDGETS.get(attribute.kind, TextInput)()
        if attribute.is_required:
            self.flags.required = True
        self.render_kw = dict(_INPUTS.get(attribute.kind, {}))

    def process_data(self, value: Any) -> None:
        """Take a value from the row."""
        self.data = value
        self.text = to_text(value)
        if self.attribute.kind == "datetime" and value is not None:
            if value.microsecond or value.tzinfo is not None:
                self.widget = TextInput()  # a browser's own input would drop what it cannot show
            else:
                self.text = value.isoformat(timespec="seconds")

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed."""
        if not valuelist:
            return
        self.text = valuelist[0].replace("\r\n", "\n")
        if self.attribute.kind == "text":
            self.text = self.text.strip()
        self.data = None
        if self.text.strip() == "":
            is_text = self.attribute.kind in ("text", "long text", "other")
            self.data = None if self.attribute.is_nullable or not is_text else ""
            return
        try:
            self.data = parse(self.attribute.kind, self.attribute.column.type, self.text)
        except Invalid as reason:
            raise ValueError(f"{self.attribute.label} {reason}") from None

    def pre_validate(self, form: Any) -> None:
        """Refuse an empty required field."""
        if self.attribute.is_required and not self.text.strip() and not self.process_errors:
            raise ValidationError(f"{self.attribute.label} is required.")

    def _value(self) -> str:
        return self.text


class ChoiceField(ValueField):
    """An Enum column, or a Boolean one that may be unknown."""

    def __init__(self, attribute: Attribute, **kwargs: Any) -> None:
        super().__init__(attribute, **kwargs)
        self.type = "SelectField"  # what the field macro asks for
        self.widget = SelectWidget()

    def options(self) -> Iterable[tuple[str, str]]:
        """Every choice: (value, text)."""
        if self.attribute.is_nullable or not self.text:
            yield "", "unknown" if self.attribute.kind == "boolean" else "–"
        if self.attribute.kind == "boolean":
            yield from (("1", "Yes"), ("0", "No"))
        else:
            yield from ((text, text) for text, _ in choices_of(self.attribute.column.type))


class RowField(ValueField):
    """A to-one relation: the key of another row. The page fills in `found`, what can be chosen.

    `more` says that there are others, which the search box or the lookup finds.
    """

    found: tuple[tuple[str, str], ...] = ()
    more: bool = False
    search: str = ""

    def __init__(self, attribute: Attribute, **kwargs: Any) -> None:
        super().__init__(attribute, **kwargs)
        self.type = "RowField"
        self.widget = SelectWidget()
        self.render_kw = {}

    def options(self) -> Iterable[tuple[str, str]]:
        """No row, if that may be, and what was found."""
        if self.attribute.is_nullable or not self.text:
            yield "", "none" if self.attribute.is_nullable else "Choose one"
        if self.text and self.text not in {value for value, _ in self.found}:
            yield self.text, self.text
        yield from self.found


class YesField(BooleanField):
    """A Boolean column that is yes or no."""

    def __init__(self, attribute: Attribute, **kwargs: Any) -> None:
        super().__init__(label=attribute.label, validators=[], description=attribute.help, **kwargs)
        self.attribute = attribute
        self.type = "BooleanField"

    @property
    def text(self) -> str:
        """As it stands in a snapshot."""
        return to_text(bool(self.data))


def field_of(attribute: Attribute) -> Any:
    """The unbound field of an attribute, or None if a person cannot edit it as text."""
    if attribute.relation is not None:
        return RowField(attribute)
    if attribute.kind == "boolean":
        return ChoiceField(attribute) if attribute.is_nullable else YesField(attribute)
    if attribute.kind == "choice":
        return ChoiceField(attribute)
    if attribute.kind in ("binary", "other"):
        return None
    return ValueField(attribute)


_WIDGETS: dict[str, Any] = {
    "long text": TextArea,
    "json": TextArea,
    "date": DateInput,
    "datetime": DateTimeLocalInput,
    "time": TimeInput,
}
_INPUTS: dict[str, dict[str, str]] = {
    "integer": {"inputmode": "numeric", "autocomplete": "off"},
    "decimal": {"inputmode": "decimal", "autocomplete": "off"},
    "float": {"inputmode": "decimal", "autocomplete": "off"},
    "datetime": {"step": "1"},
    "time": {"step": "1"},
    "text": {"autocomplete": "off"},
    "long text": {"rows": "6"},
    "json": {"rows": "6", "spellcheck": "false"},
}
