"""cells: one value of one row as a page shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from console.admin.kinds import NUMBERS, plain, to_text
from console.admin.outline import Attribute
from console.admin.words import shortened

LONGEST = 120


@dataclass(frozen=True)
class Cell:
    """What a cell holds: `text` for a person, `value` for the kinds that the template draws itself.

    `form` is "text", "number", "yes", "no", "moment", "date", "code", "row", "count" or "empty".
    """

    form: str
    text: str | Markup
    value: Any = None
    url: str | None = None


EMPTY = Cell("empty", "empty")


def cell_of(attribute: Attribute, value: Any, *, whole: bool = False) -> Cell:
    """The cell of a plain attribute; long texts are cut unless `whole`."""
    if value is None:
        return EMPTY
    draw = _DRAWN.get(attribute.kind)
    if draw is not None:
        return draw(attribute, value)
    text = to_text(value)
    if not text:
        return EMPTY
    return Cell("text", text if whole else shortened(text, LONGEST))


def _number(attribute: Attribute, value: Any) -> Cell:
    return Cell("number", number_text(attribute, value), value)


def number_text(attribute: Attribute, value: Any) -> str:
    """A number with separators and, for a Decimal, the scale of its column; keys stay bare."""
    if attribute.column.primary_key or attribute.column.foreign_keys:
        return str(value)
    if isinstance(value, Decimal):
        scale = getattr(plain(attribute.column.type), "scale", None)
        return f"{value:,.{scale}f}" if scale is not None else f"{value:,f}"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _boolean(_attribute: Attribute, value: Any) -> Cell:
    return Cell("yes", "Yes") if value else Cell("no", "No")


def _binary(_attribute: Attribute, value: Any) -> Cell:
    return Cell("code", f"{len(value):,} bytes")


def _json(_attribute: Attribute, value: Any) -> Cell:
    return Cell("code", shortened(to_text(value), LONGEST))


def _interval(_attribute: Attribute, value: Any) -> Cell:
    return Cell("text", to_text(value) if isinstance(value, timedelta) else str(value))


_DRAWN: dict[str, Callable[[Attribute, Any], Cell]] = {
    **dict.fromkeys(NUMBERS, _number),
    "boolean": _boolean,
    "datetime": lambda _attribute, value: Cell("moment", to_text(value), value),
    "date": lambda _attribute, value: Cell("date", to_text(value), value),
    "interval": _interval,
    "binary": _binary,
    "json": _json,
    "uuid": lambda _attribute, value: Cell("code", str(value)),
}
