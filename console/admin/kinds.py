"""kinds: what sort of value a column holds; text from a person to that value, and back.

The database never sees a value that its driver or type would refuse or round: whatever does not fit
is an `Invalid` with a sentence for the person who typed it.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, Literal

from sqlalchemy import types

Kind = Literal[
    "text", "long text", "integer", "decimal", "float", "boolean", "date", "datetime", "time",
    "interval", "uuid", "choice", "json", "binary", "other",
]  # fmt: skip

NUMBERS: tuple[Kind, ...] = ("integer", "decimal", "float")
TIMES: tuple[Kind, ...] = ("date", "datetime", "time", "interval")


class Invalid(ValueError):
    """A text cannot be a value of its column; `str()` continues the sentence "Price …"."""


_BY_TYPE: tuple[tuple[type[Any], Kind], ...] = (
    (types.Enum, "choice"),
    (types.Boolean, "boolean"),
    (types.Interval, "interval"),
    (types.Uuid, "uuid"),
    (types.JSON, "json"),
    (types.LargeBinary, "binary"),
    (types.Integer, "integer"),
    (types.Float, "float"),
    (types.Numeric, "decimal"),
    (types.DateTime, "datetime"),
    (types.Date, "date"),
    (types.Time, "time"),
    (types.Text, "long text"),
    (types.String, "text"),
)


def kind_of(type_: types.TypeEngine[Any]) -> Kind:
    """The kind of a column type; a decorated type counts as what it decorates."""
    type_ = plain(type_)
    if isinstance(type_, types.ARRAY | types.PickleType):
        return "other"
    for class_, kind in _BY_TYPE:
        if isinstance(type_, class_):
            return kind
    return "other"


def plain(type_: types.TypeEngine[Any]) -> Any:
    """The type under its decorators; SQLAlchemy's own Interval and PickleType are decorators too."""
    while isinstance(type_, types.TypeDecorator) and not isinstance(
        type_, types.Interval | types.PickleType
    ):
        type_ = type_.impl_instance
    return type_


def choices_of(type_: types.TypeEngine[Any]) -> tuple[tuple[str, Any], ...]:
    """What an Enum column allows: (text in forms and URLs, value)."""
    enum = plain(type_)
    if enum.enum_class is not None:
        return tuple((member.name, member) for member in enum.enum_class)
    return tuple((text, text) for text in enum.enums)


def to_text(value: Any) -> str:
    """A value as a person types it; `parse` of it gives the value back. None is the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="auto")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _interval_text(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, indent=2, default=str)
    return str(value)


def parse(kind: Kind, type_: types.TypeEngine[Any], text: str) -> Any:
    """The value of `text` for a column of this kind and type.

    Raises `Invalid` with the rest of a sentence that begins with the column's label.
    """
    if "\x00" in text:
        raise Invalid("contains a NUL character, which cannot be stored.")
    if kind in ("text", "long text", "other"):
        return _text(type_, text)
    text = text.strip()
    parser = _PARSERS.get(kind)
    if parser is None:
        raise Invalid("cannot be edited as text.")
    return parser(type_, text)


def _text(type_: Any, text: str) -> str:
    length = getattr(plain(type_), "length", None)
    if length and len(text) > length:
        raise Invalid(f"takes at most {length:,} characters; this has {len(text):,}.")
    return text


def _integer(type_: Any, text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,30}", text):
        raise Invalid(f"must be a whole number; “{_short(text)}” is not.")
    number = int(text)
    bits = 15 if isinstance(plain(type_), types.SmallInteger) else 63
    if not -(2**bits) <= number < 2**bits:
        raise Invalid(f"must be between {-(2**bits):,} and {2**bits - 1:,}.")
    return number


def _decimal(type_: Any, text: str) -> Decimal:
    number = _any_number(text)
    numeric = plain(type_)
    precision, scale = numeric.precision, numeric.scale
    exponent = number.normalize().as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    if scale is not None and places > scale:
        raise Invalid(
            f"takes at most {scale} decimal {'place' if scale == 1 else 'places'}; "
            f"{_short(text)} has {places}, and nothing is rounded silently."
        )
    whole = max(0, number.adjusted() + 1) if number else 0
    if precision is not None and whole > precision - (scale or 0):
        digits = precision - (scale or 0)
        raise Invalid(f"takes at most {digits} digits before the point; this has {whole:,}.")
    return number.quantize(Decimal(1).scaleb(-scale)) if scale is not None else number


def _any_number(text: str) -> Decimal:
    try:
        number = Decimal(text) if len(text) <= 60 and "_" not in text else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or abs(number.adjusted()) > 60:
        comma = " Write it with a point, without separators." if "," in text else ""
        raise Invalid(f"must be a number; “{_short(text)}” is not.{comma}")
    return number


def _float(_type: Any, text: str) -> float:
    return float(_any_number(text))


def _boolean(_type: Any, text: str) -> bool:
    lower = text.lower()
    if lower in {"1", "yes", "true", "on", "y"}:
        return True
    if lower in {"0", "no", "false", "off", "n"}:
        return False
    raise Invalid(f"is yes or no (1 or 0); “{_short(text)}” is neither.")


def _date(_type: Any, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"must be a date such as 2026-01-31; “{_short(text)}” is not.") from None


def _datetime(type_: Any, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(
            f"must be a date and time such as 2026-01-31 14:30; “{_short(text)}” is not."
        ) from None
    try:
        if plain(type_).timezone:
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError:
        raise Invalid("is too far in the past or the future.") from None


def _time(_type: Any, text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise Invalid(f"must be a time such as 14:30; “{_short(text)}” is not.") from None


def _interval(_type: Any, text: str) -> timedelta:
    found = re.fullmatch(
        r"(?:(-?\d{1,6}) days?,? ?)?(?:(\d{1,6}):([0-5]\d)(?::([0-5]\d(?:\.\d{1,6})?))?)?", text
    )
    if not found or not text:
        raise Invalid(f"must be a duration such as 2 days 03:30:00; “{_short(text)}” is not.")
    days, hours, minutes, seconds = found.groups()
    return timedelta(
        days=int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=float(seconds or 0),
    )


def _interval_text(value: timedelta) -> str:
    hours, rest = divmod(value.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{value.microseconds:06d}" if value.microseconds else ""
    days = f"{value.days} day{'' if abs(value.days) == 1 else 's'} " if value.days else ""
    return f"{days}{hours:02d}:{minutes:02d}:{seconds:02d}{fraction}"


def _uuid(_type: Any, text: str) -> uuid.UUID | str:
    try:
        value = uuid.UUID(text)
    except ValueError:
        raise Invalid(f"must be a UUID; “{_short(text)}” is not.") from None
    return value if getattr(plain(_type), "as_uuid", True) else str(value)


def _choice(type_: Any, text: str) -> Any:
    for known, value in choices_of(type_):
        if known == text:
            return value
    raise Invalid(f"has no choice “{_short(text)}”.")


def _json(_type: Any, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = (
            f" (line {error.lineno}, column {error.colno})"
            if isinstance(error, json.JSONDecodeError)
            else ""
        )
        raise Invalid(f"must be JSON; this is not{where}.") from None


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


_PARSERS: dict[Kind, Any] = {
    "integer": _integer,
    "decimal": _decimal,
    "float": _float,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
    "interval": _interval,
    "uuid": _uuid,
    "choice": _choice,
    "json": _json,
}
