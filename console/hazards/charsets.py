"""charsets: in which character sets MariaDB and MySQL keep columns."""

from __future__ import annotations

import re

from console.hazards.evidence import Evidence

OPTION = re.compile(r"CHARSET=(\w+)", re.IGNORECASE)
STATED = re.compile(r"\b(?:CHARACTER SET|CHARSET) (\w+)", re.IGNORECASE)
COLLATE = re.compile(r"\bCOLLATE (\w+?)_", re.IGNORECASE)
ALIASES = {"utf8": "utf8mb3"}


def charset_of(evidence: Evidence, table: str, column: str) -> str | None:
    """Return the character set that a column has: its own, else that of its table; None if unknown."""
    known = evidence.column(table, column)
    for note in known.notes if known else ():
        if note.startswith("collate "):
            return _plain(note.removeprefix("collate ").partition("_")[0])
    return _of_table(evidence, table)


def charset_in(evidence: Evidence, table: str, definition: str) -> str | None:
    """Return the one that a column of this definition gets."""
    found = STATED.search(definition) or COLLATE.search(definition)
    return _plain(found[1]) if found else _of_table(evidence, table)


def _of_table(evidence: Evidence, table: str) -> str | None:
    known = evidence.table(table)
    for part in known.parts if known else ():
        found = OPTION.search(part.definition) if part.kind == "option" else None
        if found:
            return _plain(found[1])
    return None


def _plain(name: str) -> str:
    return ALIASES.get(name.lower(), name.lower())
