"""boundary: the statements by which a transaction begins or ends."""

from __future__ import annotations

import re
from itertools import islice

from console.schema.sqltext import split, tokens

WORDS = frozenset(["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"])
ANYWHERE = re.compile(rf"\b(?:{'|'.join(sorted(WORDS))}|PREPARE)\b", re.IGNORECASE)

BEGIN = re.compile(
    r"\s*BEGIN(\s+(DEFERRED|IMMEDIATE|EXCLUSIVE))?(\s+TRANSACTION)?\s*;?\s*", re.IGNORECASE
)


def boundary_in(sql: str) -> str:
    """Return the word by which one of the statements in a text begins or ends a transaction, behind
    comments too; "" where none does. A savepoint is no transaction."""
    if not ANYWHERE.search(sql):
        return ""
    several = split(sql) if ";" in sql else [sql]  # nearly all that is sent is one statement
    if _opens_body(several[0]):
        return ""  # what follows is its body, and the driver takes no other statement with it
    return next((word for one in several if (word := _boundary(one))), "")


def is_begin(sql: str) -> bool:
    """Whether a text begins a transaction of SQLite, and does nothing else."""
    return BEGIN.fullmatch(sql) is not None


def _opens_body(statement: str) -> bool:
    """Whether a statement creates a trigger of SQLite, with statements between BEGIN and END."""
    words = [text.upper() for kind, text in tokens(statement) if kind == "word"]
    return words[:1] == ["CREATE"] and "TRIGGER" in words[1:3] and "BEGIN" in words


def _boundary(statement: str) -> str:
    words = [text.upper() for _, text in islice(tokens(statement), 3)]
    first = words[0] if words else ""
    if words[:2] == ["PREPARE", "TRANSACTION"]:
        return " ".join(words[:2])
    is_savepoint = first == "ROLLBACK" and "TO" in words
    return first if first in WORDS and not is_savepoint else ""
