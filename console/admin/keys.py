"""keys: a row's primary key as one readable part of a URL, and back."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from sqlalchemy import and_
from sqlalchemy.orm import Mapper

from console.admin.kinds import Invalid, kind_of, parse, to_text

# Words that stand in the same place of a URL as a key; a text key of that name is written otherwise.
RESERVED = {"new", "bulk", "lookup", "ajax", "export", "edit", "delete", "static"}


def encode(parts: tuple[Any, ...]) -> str:
    """`(3,)` is "3"; `("a/b", 2)` is "a~2Fb,2". Never empty, always one segment of a path."""
    texts = [_quoted(to_text(part)) for part in parts]
    text = ",".join(texts) or "~"
    if text in RESERVED:
        text = f"~{ord(text[0]):02X}{text[1:]}"
    return text


def _quoted(text: str) -> str:
    if not text:
        return "~"
    return re.sub(
        r"[^A-Za-z0-9_@+:-]",
        lambda found: "".join(f"~{byte:02X}" for byte in found.group().encode()),
        text,
    )


def decode(mapper: Mapper[Any], text: str) -> tuple[Any, ...] | None:
    """The key's values, of the columns' types; None when the text cannot be a key of this table."""
    texts = text.split(",")
    if len(texts) != len(mapper.primary_key):
        return None
    values = []
    for column, part in zip(mapper.primary_key, texts, strict=True):
        try:
            raw = _unquoted(part)
            values.append(parse(kind_of(column.type), column.type, raw))
        except (Invalid, ValueError):
            return None
    return None if any(value is None for value in values) else tuple(values)


def _unquoted(text: str) -> str:
    if text == "~":
        return ""
    plain = re.sub(r"~([0-9A-F]{2})", lambda found: f"%{found.group(1)}", text.replace("%", "~25"))
    return unquote_to_bytes(plain).decode()


def key_of(mapper: Mapper[Any], row: Any) -> tuple[Any, ...]:
    """The primary key values of a loaded row."""
    return tuple(
        getattr(row, mapper.get_property_by_column(column).key) for column in mapper.primary_key
    )


def url_key(mapper: Mapper[Any], row: Any) -> str:
    """The primary key of a loaded row as it stands in URLs."""
    return encode(key_of(mapper, row))


def is_key(mapper: Mapper[Any], values: tuple[Any, ...]) -> Any:
    """The SQL condition that picks the row with this key."""
    pairs = zip(mapper.primary_key, values, strict=True)
    return and_(*(column == value for column, value in pairs))
