"""blocks: the statements in a DO block of PostgreSQL, as far as they are written out there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.schema.sqltext import split

DO = re.compile(
    r"^\s*DO\s+(?:LANGUAGE\s+\w+\s+)?(?P<tag>\$\w*\$)(?P<body>.*?)(?P=tag)",
    re.IGNORECASE | re.DOTALL,
)
# What stands before a statement, and is none itself.
OPENS = re.compile(
    r"^\s*(?:DECLARE\b|BEGIN\b|ELSE\b|LOOP\b|EXCEPTION\b|(?:IF|ELSIF|WHEN)\b.*?\bTHEN\b"
    r"|(?:FOR|FOREACH|WHILE)\b.*?\bLOOP\b)",
    re.IGNORECASE | re.DOTALL,
)
JUDGED = re.compile(
    r"^\s*(?:UPDATE|DELETE|INSERT|MERGE|WITH|ALTER|DROP|CREATE|TRUNCATE|LOCK|REFRESH|REINDEX|SET)\b",
    re.IGNORECASE,
)


def inner(sql: str) -> Iterator[str]:
    """Yield the statements of a DO block, whether or not it gets to them; none of any other."""
    block = DO.match(sql)
    for piece in split(block["body"]) if block else ():
        while found := OPENS.match(piece):
            piece = piece[found.end() :]
        if JUDGED.match(piece):
            yield piece.strip()
