"""types: SQL types as far as rules compare them: which values fit into which."""

from __future__ import annotations

import re
from dataclasses import dataclass

TYPE = re.compile(
    r"^\s*([A-Z_]\w*(?:\s+PRECISION|\s+VARYING)?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?(\s.*)?$",
    re.I,
)
WHOLE = {
    "TINYINT": 127,
    "SMALLINT": 32_767,
    "MEDIUMINT": 8_388_607,
    "INTEGER": 2_147_483_647,
    "BIGINT": 9_223_372_036_854_775_807,
}
FAMILIES = {
    **dict.fromkeys(WHOLE, "whole"),
    **dict.fromkeys(("NUMERIC", "DECIMAL", "DEC"), "exact"),
    **dict.fromkeys(("FLOAT", "REAL", "DOUBLE", "DOUBLE PRECISION"), "floating"),
    **dict.fromkeys(("VARCHAR", "CHAR", "CHARACTER VARYING", "NVARCHAR", "CHARACTER"), "text"),
    **dict.fromkeys(("TEXT", "CLOB", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT", "STRING"), "text"),
    **dict.fromkeys(("TIMESTAMP", "DATETIME", "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"), "moment"),
    "DATE": "day",
    "TIME": "time",
    **dict.fromkeys(("BOOLEAN", "BOOL"), "truth"),
    "JSON": "document",
    "JSONB": "document",
}
ALIASES = {"INT": "INTEGER", "INT4": "INTEGER", "INT8": "BIGINT", "INT2": "SMALLINT"}


@dataclass(frozen=True)
class SqlType:
    """A type's name in capitals, its family ("text", "whole", "exact", …; "" for any other), and
    the numbers in its brackets: length, or precision and places."""

    name: str
    family: str
    size: int | None = None
    places: int | None = None
    is_unsigned: bool = False

    @property
    def largest(self) -> int | None:
        """The largest number that a type of whole or exact numbers takes; None for no limit."""
        if self.family == "whole":
            return WHOLE[self.name] * 2 + 1 if self.is_unsigned else WHOLE[self.name]
        if self.family == "exact" and self.size is not None:
            return int(10 ** (self.size - (self.places or 0))) - 1
        return None

    @property
    def decimals(self) -> int | None:
        """How many decimal places are kept; None for no limit."""
        if self.family == "whole":
            return 0
        if self.family == "exact" and self.size is not None:
            return self.places or 0
        return None


def sql_type(text: str | None) -> SqlType | None:
    """Return a type as the database or SQLAlchemy writes it; None for what is no such text."""
    found = TYPE.match(text or "")
    if found is None:
        return None
    name = " ".join(found[1].upper().split())
    name = ALIASES.get(name, name)
    if (found[4] or "").strip().upper().startswith("WITH TIME ZONE"):
        name += " WITH TIME ZONE"
    size, places = (int(number) if number else None for number in (found[2], found[3]))
    is_unsigned = "UNSIGNED" in (found[4] or "").upper()
    return SqlType(
        name, FAMILIES.get(name, ""), None if name in WHOLE else size, places, is_unsigned
    )


def digits(kind: SqlType, database: str) -> int:
    """How many decimal digits a type of floating numbers surely keeps."""
    single = {"postgresql": "REAL", "mysql": "FLOAT"}.get(database)
    return 6 if kind.name == single else 15


def is_within(limit: int | None, other: int | None) -> bool:
    """Whether everything up to `other` fits below `limit`; None is no limit."""
    return limit is None or (other is not None and other <= limit)
