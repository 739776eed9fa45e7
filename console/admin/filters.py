"""filters: what a list can be narrowed by, as named URL parameters, in words and in SQL.

`price_gt=500` is the attribute `price` and the operator `gt`; `active=1` is plain equality.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Numeric, and_, literal, not_, or_
from sqlalchemy.dialects import sqlite

from console.admin.kinds import Invalid, choices_of, parse, plain, to_text
from console.admin.outline import Attribute, Outline

OPERATORS = {
    "eq": "is",
    "not": "is not",
    "contains": "contains",
    "gt": "more than",
    "gte": "at least",
    "lt": "less than",
    "lte": "at most",
    "between": "between",
    "empty": "is empty",
}
TIME_WORDS = {"eq": "on", "gt": "after", "gte": "from", "lt": "before", "lte": "until"}
_ORDERED = ("eq", "between", "gt", "gte", "lt", "lte")


@dataclass(frozen=True)
class Filter:
    """One condition of a list: `text` is what stands in the URL, `value` what it means."""

    attribute: Attribute
    operator: str
    text: str
    value: Any

    @property
    def parameter(self) -> str:
        """Its name in the URL."""
        return parameter_of(self.attribute, self.operator)

    @property
    def words(self) -> str:
        """ "Price more than 500"."""
        label = self.attribute.label
        if self.operator == "empty":
            return f"{label} {'is empty' if self.value else 'is not empty'}"
        word = operator_words(self.attribute, self.operator)
        if self.operator == "between":
            low, _, high = self.text.partition("..")
            return f"{label} {word} {low} and {high}"
        return f"{label} {word} {self.value_words}"

    @property
    def value_words(self) -> str:
        """The value as a person says it."""
        if self.attribute.kind == "boolean" and self.attribute.relation is None:
            return "yes" if self.value else "no"
        return f"“{self.text}”" if self.attribute.kind in ("text", "long text") else self.text

    def condition(self, column: Any = None) -> ColumnElement[bool]:
        """The SQL condition, on `column` or on the attribute's own."""
        column = self.attribute.column if column is None else column
        if self.operator == "empty":
            return column.is_(None) if self.value else column.is_not(None)
        if self.operator == "contains":
            return column.icontains(self.value, autoescape=True)
        if self.attribute.kind in ("date", "datetime"):
            return _moment_condition(column, self.operator, self.value)
        return _plain_condition(column, self.operator, self.value)


def parameter_of(attribute: Attribute, operator: str) -> str:
    """`price_gt`; plain equality has the attribute's own name."""
    return attribute.parameter if operator == "eq" else f"{attribute.parameter}_{operator}"


def operator_words(attribute: Attribute, operator: str) -> str:
    """ "more than", or "after" for a time."""
    if attribute.kind in ("date", "datetime") and operator in TIME_WORDS:
        return TIME_WORDS[operator]
    return OPERATORS[operator]


def operators_of(attribute: Attribute) -> tuple[str, ...]:
    """What can be asked of an attribute, the most useful first."""
    kind = attribute.kind
    if attribute.relation is not None:
        found: tuple[str, ...] = ("eq", "not")
    elif kind in ("text", "long text"):
        found = ("contains", "eq", "not")
    elif kind in ("integer", "decimal", "float", "date", "datetime", "time", "interval"):
        found = _ORDERED
    elif kind in ("choice", "uuid"):
        found = ("eq", "not")
    elif kind == "boolean":
        found = ("eq",)
    else:
        found = ()
    return (*found, "empty") if attribute.is_nullable else found


def parameters(outline: Outline, names: frozenset[str]) -> dict[str, tuple[Attribute, str]]:
    """Every filter parameter of the attributes `names`; plain names win over `name_operator`."""
    found: dict[str, tuple[Attribute, str]] = {}
    attributes = [a for a in outline.attributes if a.name in names]
    for attribute in attributes:
        if "eq" in operators_of(attribute):
            found[attribute.parameter] = (attribute, "eq")
            found.setdefault(attribute.key, (attribute, "eq"))
    for attribute in attributes:
        for operator in operators_of(attribute):
            found.setdefault(parameter_of(attribute, operator), (attribute, operator))
    return found


def read_filter(attribute: Attribute, operator: str, text: str) -> Filter:
    """The filter of a URL's text; raises `Invalid` with the rest of a sentence."""
    if "\x00" in text:
        raise Invalid("contains a NUL character.")
    if len(text) > 500:
        raise Invalid("is longer than 500 characters.")
    if operator == "empty":
        return Filter(attribute, operator, text, parse("boolean", attribute.column.type, text))
    if operator == "contains":
        return Filter(attribute, operator, text, text)
    if operator == "between":
        return _read_between(attribute, text)
    value = _read_value(attribute, text)
    shown = text if attribute.kind in ("date", "datetime") else to_text(value)
    return Filter(attribute, operator, shown, value)


def _read_between(attribute: Attribute, text: str) -> Filter:
    low, dots, high = text.partition("..")
    if not dots:
        raise Invalid(f"between needs two values, such as 10..20; “{text[:40]}” is one.")
    if not low.strip() or not high.strip():
        one = ("gte", low) if low.strip() else ("lte", high)
        if not one[1].strip():
            raise Invalid("between needs at least one value.")
        return read_filter(attribute, one[0], one[1].strip())
    value = (_read_value(attribute, low.strip()), _read_value(attribute, high.strip()))
    return Filter(attribute, "between", f"{low.strip()}..{high.strip()}", value)


def _read_value(attribute: Attribute, text: str) -> Any:
    type_ = attribute.column.type
    if attribute.kind in ("date", "datetime"):
        return _moment(attribute, text.strip())
    if attribute.kind in ("text", "long text"):
        return text
    if attribute.kind == "decimal":
        return parse("float", type_, text) if plain(type_).asdecimal is False else _decimal(text)
    return parse(attribute.kind, type_, text)


def _decimal(text: str) -> Any:
    # Any scale may be asked for: a filter on 1.999 rounds nothing.
    return parse("decimal", Numeric(), text)


def _moment(attribute: Attribute, text: str) -> tuple[Any, Any]:
    """From the first moment meant to the first after it: a day, a second, or a moment as it is."""
    type_ = attribute.column.type
    if attribute.kind == "date":
        day = parse("date", type_, text)
        return day, day
    try:
        day = date.fromisoformat(text)
    except ValueError:
        start = parse("datetime", type_, text)
        length = timedelta(0) if start.microsecond else timedelta(seconds=1)
    else:
        zone = UTC if plain(type_).timezone else None
        start, length = datetime.combine(day, time.min, tzinfo=zone), timedelta(days=1)
    try:
        return start, start + length
    except OverflowError:
        raise Invalid("is too far in the future.") from None


def _bound(moment: Any) -> Any:
    """SQLite compares moments as texts, and its own CURRENT_TIMESTAMP writes none with a fraction."""
    if not isinstance(moment, datetime) or moment.microsecond:
        return moment
    whole = sqlite.DATETIME(truncate_microseconds=True)
    type_ = DateTime(timezone=moment.tzinfo is not None).with_variant(whole, "sqlite")
    return literal(moment, type_)


def _moment_condition(column: Any, operator: str, value: Any) -> ColumnElement[bool]:
    if operator == "between":
        low, (start, end) = _bound(value[0][0]), map(_bound, value[1])
        return and_(column >= low, column < end if value[1][0] != value[1][1] else column <= end)
    is_span = value[0] != value[1]
    start, end = map(_bound, value)
    if operator == "eq":
        return and_(column >= start, column < end) if is_span else column == start
    if operator == "gt":
        return column >= end if is_span else column > end
    if operator == "gte":
        return column >= start
    if operator == "lt":
        return column < start
    return column < end if is_span else column <= end


def _plain_condition(column: Any, operator: str, value: Any) -> ColumnElement[bool]:
    if operator == "between":
        return column.between(*value)
    if operator == "not":
        return or_(not_(column == value), column.is_(None))
    comparisons = {
        "eq": column.__eq__,
        "gt": column.__gt__,
        "gte": column.__ge__,
        "lt": column.__lt__,
        "lte": column.__le__,
    }
    return comparisons[operator](value)


def choices(attribute: Attribute) -> tuple[tuple[str, str], ...]:
    """What a filter's value can be chosen from, if it is chosen: (text, words)."""
    if attribute.kind == "boolean":
        return (("1", "yes"), ("0", "no"))
    if attribute.kind == "choice":
        return tuple((text, text) for text, _ in choices_of(attribute.column.type))
    return ()
