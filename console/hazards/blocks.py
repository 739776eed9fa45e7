"""blocks: the statements in a DO block of PostgreSQL, and in the texts that a server is told to run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.core import is_open
from console.hazards.dynamic import executed
from console.schema.sqltext import split

LANGUAGE = r"(?:\s*LANGUAGE\s+(?P<{name}>\w+)\s*)?"
DO = re.compile(
    rf"^\s*DO\b\s*{LANGUAGE.format(name='first')}"
    r"(?:(?P<tag>\$\w*\$)(?P<body>.*?)(?P=tag)|'(?P<quoted>(?:''|[^'])*)')"
    rf"{LANGUAGE.format(name='last')}",
    re.IGNORECASE | re.DOTALL,
)
OURS = "plpgsql"
GIVEN = re.compile(r"^\s*(?:PREPARE\s+\S+\s+FROM|EXECUTE\s+IMMEDIATE)\b", re.IGNORECASE)
# What stands before a statement, and is none itself.
OPENS = re.compile(
    r"^\s*(?:DECLARE\b|BEGIN\b|ELSE\b|LOOP\b|EXCEPTION\b|(?:IF|ELSIF|WHEN)\b.*?\bTHEN\b"
    r"|(?:FOR|FOREACH|WHILE)\b.*?\bLOOP\b)",
    re.IGNORECASE | re.DOTALL,
)
JUDGED = re.compile(
    r"^\s*(?:UPDATE|DELETE|INSERT|MERGE|WITH|ALTER|DROP|CREATE|TRUNCATE|LOCK|REFRESH|REINDEX|SET|CLUSTER"
    r"|OPTIMIZE|RENAME)\b",
    re.IGNORECASE,
)


def inner(sql: str) -> Iterator[str]:
    """Yield the statements of a DO block, whether or not it gets to them, and what is run as a text as far
    as it is written out; none of any other statement."""
    for piece in _pieces(sql):
        text = executed(piece)
        for one in split(text) if text else [piece]:
            if JUDGED.match(one):
                yield one.strip()


def unseen(sql: str) -> Iterator[str]:
    """Yield what of a statement nobody sees before it runs: what is run as a text that is computed, and a
    block in another language."""
    block = DO.match(sql)
    if block and _language(block) != OURS:
        yield sql.strip()
    for piece in _pieces(sql):
        text = executed(piece)
        if text is not None and is_open(text):
            yield piece.strip()


def _pieces(sql: str) -> Iterator[str]:
    """The statements of a block, or the one that is run as a text."""
    block = DO.match(sql)
    if block is None and GIVEN.match(sql):
        yield sql
    if block is None or _language(block) != OURS:
        return
    body = block["body"] if block["quoted"] is None else block["quoted"].replace("''", "'")
    for piece in split(body):
        while found := OPENS.match(piece):
            piece = piece[found.end() :]
        yield piece


def _language(block: re.Match[str]) -> str:
    return (block["first"] or block["last"] or OURS).lower()
