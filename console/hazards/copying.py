"""copying: what makes MariaDB or MySQL copy a whole table, and the gentlest way that each can.

Measured on MariaDB 10.11 and MySQL 9.7 by asking them for ALGORITHM=INPLACE, LOCK=NONE, which they
refuse where they copy or lock. Where the two differ and nobody knows which it is, what one of them
copies counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from console.hazards.types import SqlType, is_within, sql_type
from console.schema.flavour import MARIADB, MYSQL, Flavour

COPIED = "ALGORITHM=COPY, LOCK=SHARED"
INPLACE = "ALGORITHM=INPLACE, LOCK=NONE"
INDEXED = "ALGORITHM=INPLACE, LOCK=SHARED"
SHORT, LONG = 127, 255  # bytes
VARYING = ("VARCHAR", "VARBINARY")
COLUMN = r"^ADD (?!CONSTRAINT\b|CHECK\b|UNIQUE\b|INDEX\b|KEY\b|FOREIGN\b|PRIMARY\b).*"
# What the two call otherwise than they were told.
ALIASES = {
    **dict.fromkeys(("BOOL", "BOOLEAN"), "TINYINT"),
    **dict.fromkeys(("NUMERIC", "DEC", "FIXED"), "DECIMAL"),
    **dict.fromkeys(("DOUBLE PRECISION", "REAL"), "DOUBLE"),
    **dict.fromkeys(("CHARACTER VARYING", "NVARCHAR"), "VARCHAR"),
    "CHARACTER": "CHAR",
}
LISTED = re.compile(r"^\s*(ENUM|SET)\s*\(", re.IGNORECASE)
VALUE = re.compile(r"'(?:[^']|'')*'")
DEFAULT = re.compile(r"\bDEFAULT ?(\(.*\))|\bDEFAULT ([a-z_]\w* ?\(.*\))", re.IGNORECASE)
MOMENT = re.compile(r"^\(?(?:now|current_timestamp|localtime)\b", re.IGNORECASE)
# Names of columns, and functions that answer otherwise for each row.
PER_ROW = re.compile(
    r"\b(?:uuid|uuid_short|uuid_v4|uuid_v7|sys_guid|random_bytes) ?\(|\b[a-z_]\w*\b(?! ?\()",
    re.IGNORECASE,
)
# What MySQL takes for no default of a column that is added.
DIFFERS = re.compile(
    r"\b(?:uuid|uuid_short|uuid_v4|uuid_v7|rand|random_bytes|sys_guid) ?\(", re.IGNORECASE
)


@dataclass(frozen=True)
class Way:
    """Why a table is copied, in words, and how gently it can be done. `only` on one of the servers."""

    pattern: re.Pattern[str]
    words: str
    how: str
    only: Flavour | None = None


def _way(pattern: str, words: str, how: str, only: Flavour | None = None) -> Way:
    return Way(re.compile(pattern, re.IGNORECASE), words, how, only)


WAYS = (
    _way(r"^ADD (?:CONSTRAINT \S+ )?FOREIGN KEY", "a new foreign key", COPIED),
    _way(r"^(?:ADD (?:CONSTRAINT \S+ )?|DROP )PRIMARY KEY", "another primary key", INPLACE),
    _way(r"^CONVERT TO CHARACTER SET", "another character set", COPIED),
    _way(r"^ADD (?:FULLTEXT|SPATIAL)", "such an index", INDEXED),
    _way(r"^ADD (?:UNIQUE|INDEX|KEY)\b.*[(,] ?\(", "an index of an expression", INDEXED),
    _way(r"^(?:ENGINE|ROW_FORMAT|KEY_BLOCK_SIZE|FORCE)\b", "another engine or format", INPLACE),
    _way(rf"{COLUMN}\bAUTO_INCREMENT\b", "a column that numbers the rows", INDEXED),
    _way(r"^ADD (?:CONSTRAINT \S+ )?CHECK\b(?!.* NOT ENFORCED$)", "a new CHECK", COPIED),
    _way(r"^ALTER (?:CHECK|CONSTRAINT) \S+ ENFORCED", "a CHECK that holds from now on", COPIED),
    _way(rf"{COLUMN}\bCHECK ?\(", "a column with a CHECK", COPIED, MYSQL),
    _way(r"^ORDER BY", "another order", COPIED),
    _way(
        r"^ADD .*\bAS ?\(.*\) (?:STORED|PERSISTENT)\b",
        "a column that is computed and stored",
        COPIED,
    ),
)


def is_on(only: Flavour | None, flavour: Flavour | None) -> bool:
    """Whether what one server does (None: both) matters on this one (None: nobody knows which)."""
    return only is None or flavour is None or only is flavour


def why_copied(action: str, flavour: Flavour | None) -> tuple[str, str] | None:
    """What in an action of ALTER TABLE makes the server copy the table, in words, and the gentlest way;
    None where nothing does, or its columns' types have to be asked."""
    for way in WAYS:
        if is_on(way.only, flavour) and way.pattern.match(action):
            return way.words, way.how
    if re.match(COLUMN, action, re.IGNORECASE) and _is_worked_out(action, flavour):
        return "a default that is worked out", COPIED
    return None


def _is_worked_out(action: str, flavour: Flavour | None) -> bool:
    """Whether a new column's default is an expression that is written to all rows: to MySQL each is,
    to MariaDB one that may differ from row to row."""
    found = DEFAULT.search(action)
    expression = (found[1] or found[2]) if found else ""
    if not expression or MOMENT.match(expression):
        return False
    if flavour is MYSQL and DIFFERS.search(expression):
        return False  # it is refused
    return is_on(MYSQL, flavour) or PER_ROW.search(VALUE.sub("", expression)) is not None


def is_copied(old: str | None, new: str, flavour: Flavour | None) -> bool:
    """Whether the server copies a table for another type of a column: not for a VARCHAR that gets longer,
    which is a number to change or a case for varchar-boundary, nor for a longer list of values."""
    if old and LISTED.match(old) and LISTED.match(new):
        values = VALUE.findall(old)
        return VALUE.findall(new)[: len(values)] != values
    if old and ("UNSIGNED" in old.upper()) != ("UNSIGNED" in new.upper()):
        return True
    one, other = known_as(old, flavour), known_as(new, flavour)
    if one is None or other is None or one == other:
        return False
    is_longer = one.name == other.name and is_within(other.size, one.size)
    return not (is_longer and one.name in VARYING)


def is_crossed(old: int, new: int, flavour: Flavour | None) -> bool:
    """Whether a VARCHAR of so many bytes gets another byte for its length, for which the table is copied.
    Up to 127 MariaDB has none to add: such values take one byte in any column."""
    if flavour is MARIADB and old <= SHORT:
        return False
    return (old <= LONG) != (new <= LONG)


def known_as(kind: str | None, flavour: Flavour | None) -> SqlType | None:
    """A type as these servers call it. MariaDB keeps JSON in a text."""
    found = sql_type(kind)
    if found is None:
        return None
    is_text = found.name == "JSON" and flavour is MARIADB
    name = "LONGTEXT" if is_text else ALIASES.get(found.name, found.name)
    if name in ("TINYINT", "DOUBLE", "LONGTEXT"):
        return SqlType(name, "")
    if name == "DECIMAL":
        return SqlType(name, "", found.size or 10, found.places or 0)
    return SqlType(name, "", found.size, found.places)
