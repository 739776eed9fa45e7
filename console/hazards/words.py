"""words: numbers in sentences, and the little SQL that rules recognise."""

from __future__ import annotations

import re

NAME = r'["`\[]?(?P<{0}>\w+)["`\]]?'
COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
STRING = re.compile(r"'(?:[^']|'')*'")
DROP_TABLE = re.compile(
    r"^\s*DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?" + NAME.format("table"), re.IGNORECASE
)
DROP_COLUMN = re.compile(
    r"^\s*ALTER\s+TABLE\s+" + NAME.format("table") + r"\s+DROP\s+(?:COLUMN\s+)?(?!CONSTRAINT)"
    r"(?:IF\s+EXISTS\s+)?" + NAME.format("column"),
    re.IGNORECASE,
)
TRUNCATE = re.compile(r"^\s*TRUNCATE\s+(?:TABLE\s+)?" + NAME.format("table"), re.IGNORECASE)
CHANGES_ROWS = re.compile(
    r"^\s*(?P<verb>UPDATE|DELETE\s+FROM)\s+(?:OR\s+\w+\s+)?" + NAME.format("table"), re.IGNORECASE
)
WRITES = re.compile(
    r"^\s*(?P<verb>UPDATE|DELETE\s+FROM|INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO)\s+"
    + NAME.format("table"),
    re.IGNORECASE,
)
WHERE = re.compile(r"\bWHERE\b", re.IGNORECASE)
CONSOLE_TABLE = re.compile(r"\bconsole_\w+")


def bare(sql: str) -> str:
    """Return a statement without comments and without the contents of its strings."""
    return STRING.sub("''", COMMENT.sub(" ", sql)).strip()


def number_of(count: int, noun: str) -> str:
    """Return "1 row", "2 rows"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def rows_of(count: int | None) -> str:
    """Return "3 rows", or a word for an unknown number."""
    return "an unknown number of rows" if count is None else number_of(count, "row")
