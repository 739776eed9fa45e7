"""blocks: the statements in a DO block of PostgreSQL, in MariaDB's BEGIN NOT ATOMIC and what else it takes as
a statement that is made of others, and in the texts that a server is told to run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.core import is_open
from console.hazards.dynamic import executed
from console.schema.sqltext import HELD_BY_MARIADB, split

LANGUAGE = r"(?:\s*LANGUAGE\s+(?P<{name}>\w+)\s*)?"
DO = re.compile(
    rf"^\s*DO\b\s*{LANGUAGE.format(name='first')}"
    r"(?:(?P<tag>\$\w*\$)(?P<body>.*?)(?P=tag)|'(?P<quoted>(?:''|[^'])*)')"
    rf"{LANGUAGE.format(name='last')}",
    re.IGNORECASE | re.DOTALL,
)
OURS = "plpgsql"
GIVEN = re.compile(r"^\s*(?:PREPARE\s+\S+\s+FROM|EXECUTE\s+IMMEDIATE)\b", re.IGNORECASE)
PREPARED = re.compile(r"^\s*EXECUTE\b(?!\s+IMMEDIATE\b)", re.IGNORECASE)
COMPOUND = re.compile(
    r"^\s*(?:BEGIN\s+NOT\s+ATOMIC|IF|CASE|LOOP|WHILE|REPEAT|FOR)\b", re.IGNORECASE
)
REMARKS = re.compile(r"^(?:\s+|(?:--|#)[^\n]*(?:\n|$)|/\*.*?\*/)+", re.DOTALL)
# What stands before a statement, and is none itself.
OPENS = re.compile(
    r"^\s*(?:DECLARE\b|BEGIN\b|ELSE\b|LOOP\b|EXCEPTION\b|(?:IF|ELSIF|WHEN)\b.*?\bTHEN\b"
    r"|(?:FOR|FOREACH|WHILE)\b.*?\bLOOP\b)",
    re.IGNORECASE | re.DOTALL,
)
CONDITION = r"(?:SQLSTATE\s+(?:VALUE\s+)?'\w+'|NOT\s+FOUND|\w+)"
OPENS_ON_MARIADB = re.compile(
    r"^\s*(?:BEGIN\s+NOT\s+ATOMIC\b|\w+\s*:(?=\s*(?:BEGIN|LOOP|WHILE|REPEAT|FOR)\b)|BEGIN\b|ELSE\b|LOOP\b"
    r"|REPEAT\b|(?:IF|ELSEIF|CASE|WHEN)\b.*?\bTHEN\b|(?:FOR|WHILE)\b.*?\bDO\b"
    rf"|DECLARE\s+(?:CONTINUE|EXIT|UNDO)\s+HANDLER\s+FOR\s+{CONDITION}(?:\s*,\s*{CONDITION})*)",
    re.IGNORECASE | re.DOTALL,
)
JUDGED = re.compile(
    r"^\s*(?:UPDATE|DELETE|INSERT|REPLACE|MERGE|WITH|ALTER|DROP|CREATE|TRUNCATE|LOCK|REFRESH|REINDEX|SET|CLUSTER"
    r"|OPTIMIZE|RENAME)\b",
    re.IGNORECASE,
)


def inner(sql: str) -> Iterator[str]:
    """Yield the statements of a block, whether or not it gets to them, and what is run as a text as far
    as it is written out; none of any other statement."""
    for piece in _pieces(sql):
        text = executed(piece)
        for one in split(text) if text else [piece]:
            if JUDGED.match(one):
                yield one.strip()


def unseen(sql: str) -> Iterator[str]:
    """Yield what of a statement nobody sees before it runs: what is run as a text that is computed, and a
    block in another language."""
    block = DO.match(_unremarked(sql))
    if block and _language(block) != OURS:
        yield sql.strip()
    for piece in _pieces(sql):
        text = executed(piece)
        if text is not None and is_open(text):
            yield piece.strip()


def _pieces(sql: str) -> Iterator[str]:
    """The statements of a block, or the one that is run as a text."""
    sql = _unremarked(sql)
    block = DO.match(sql)
    if COMPOUND.match(sql):
        found = (_opened(piece, OPENS_ON_MARIADB) for piece in split(sql, HELD_BY_MARIADB))
        # EXECUTE alone runs what has been prepared, and says nothing of it.
        yield from (piece for piece in found if not PREPARED.match(piece))
    elif block is None and GIVEN.match(sql):
        yield sql
    elif block is not None and _language(block) == OURS:
        body = block["body"] if block["quoted"] is None else block["quoted"].replace("''", "'")
        yield from (_opened(piece, OPENS) for piece in split(body))


def _opened(piece: str, opens: re.Pattern[str]) -> str:
    """A statement without what stands before it."""
    piece = _unremarked(piece)
    while found := opens.match(piece):
        piece = _unremarked(piece[found.end() :])
    return piece


def _unremarked(sql: str) -> str:
    """A text without the comments that it begins with."""
    return REMARKS.sub("", sql)


def _language(block: re.Match[str]) -> str:
    return (block["first"] or block["last"] or OURS).lower()
