"""words: numbers in sentences, and the little SQL that rules recognise."""

from __future__ import annotations

import re

from console.schema.sqltext import Token, join, tokens

# A name, or schema and name, in SQL that `bare` returned.
NAME = r'((?:"(?:[^"]|"")+"|[\w$]+)(?:\.(?:"(?:[^"]|"")+"|[\w$]+))?)'
DROP_TABLE = re.compile(r"^DROP TABLE (?:IF EXISTS )?(.+?)(?: CASCADE| RESTRICT)?$", re.IGNORECASE)
TRUNCATE = re.compile(
    r"^TRUNCATE (?:TABLE )?(?:ONLY )?(.+?)"
    r"(?: RESTART IDENTITY| CONTINUE IDENTITY)?(?: CASCADE| RESTRICT)?$",
    re.IGNORECASE,
)
CREATE_VIEW = re.compile(
    rf"^CREATE (?:OR REPLACE )?(?:\w+ )*?VIEW (?:IF NOT EXISTS )?{NAME}", re.IGNORECASE
)
CONSOLE_TABLE = re.compile(
    r"\b(?:TABLE|EXISTS|ONLY|INTO|UPDATE|FROM|JOIN|REFERENCES|TRUNCATE|TO)"
    r' (?:"?\w+"?\.)?"?(console_\w+)',
    re.IGNORECASE,
)
CONSOLE_INDEX = re.compile(r"^CREATE .*?INDEX .*?\bON (?:ONLY )?(console_\w+)", re.IGNORECASE)


def bare(sql: str) -> str:
    """Return a statement on one line, without comments, needless quotes and the contents of its
    strings."""
    found = (("string", "''") if kind == "string" else (kind, text) for kind, text in tokens(sql))
    return join(list(found)).rstrip("; ")


def kept(kind: str, text: str) -> Token:
    """Return a token with the quotes that it came with, which `tokens` takes from plain names."""
    is_bare = kind == "name" and not text.startswith('"')
    return kind, f'"{text}"' if is_bare else text


def number_of(count: int, noun: str) -> str:
    """Return "1 row", "2 rows"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def rows_of(count: int | None) -> str:
    """Return "3 rows", or a word for an unknown number."""
    return "an unknown number of rows" if count is None else number_of(count, "row")
