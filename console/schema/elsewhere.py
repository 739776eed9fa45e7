"""elsewhere: where a statement of MariaDB or MySQL changes another database than its own, by its name.

On a copy such a statement would change the real thing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

TOKEN = re.compile(
    r"""
      (?P<blank>\s+|--(?=\s)[^\n]*|\#[^\n]*|/\*(?!M?!).*?\*/|/\*M?!\d*|\*/)
    | (?P<string>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"(?!\s*\.))
    | (?P<name>`(?:[^`]|``)*`|"(?:[^"]|"")*"|[^\W\d][\w$]*|\d+[^\W\d][\w$]*)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
DATABASE = ("DATABASE", "SCHEMA")
# What stands before the name of something that is changed.
CHANGED = frozenset(
    [
        "INTO",
        "UPDATE",
        "INSERT",
        "REPLACE",
        "DELETE",
        "IGNORE",
        "LOW_PRIORITY",
        "TABLE",
        "TABLES",
        "EXISTS",
        "TRUNCATE",
        "RENAME",
        "TO",
        "VIEW",
        "TRIGGER",
        "PROCEDURE",
        "FUNCTION",
        "EVENT",
        "SEQUENCE",
        "CALL",
        "REFERENCES",
        "FOR",
    ]
)
# What stands before it in statements that begin with this verb.
ALSO = {
    "DELETE": frozenset(["FROM", "JOIN", "USING", ","]),
    "UPDATE": frozenset(["JOIN", ","]),
    "CREATE": frozenset(["ON"]),
    "DROP": frozenset(["ON", ","]),
    "TRUNCATE": frozenset([","]),
    "RENAME": frozenset([","]),
}
VERBS = frozenset([*ALSO, "INSERT", "REPLACE", "SELECT", "ALTER", "CALL", "LOAD", "USE"])
OVER = frozenset(["SET", "WHERE", "VALUES"])  # after these, names are those of columns
COUNTS = frozenset(["NEXTVAL", "SETVAL", "LASTVAL"])


@dataclass(frozen=True)
class Mention:
    """A database that something is changed in: its name, and where that stands with its quotes."""

    name: str
    start: int
    end: int


def mentions(sql: str, databases: Collection[str]) -> Iterator[Mention]:
    """Yield where SQL, be it a statement or the body of a trigger, changes something in one of these
    databases, or a database as such."""
    known = {name.lower() for name in databases}
    text = sql.lower()
    if not any(word in text for word in (*known, "database", "schema")):
        return
    found = [token for token in TOKEN.finditer(sql) if token.lastgroup != "blank"]
    verb, before, earlier, number = "", "", "", 0
    while number < len(found):
        token = found[number]
        word = token.group().upper()
        if token.lastgroup == "name":
            chain = 1
            while _is_dotted(found, number + chain):
                chain += 2
            name = _bare(token.group())
            following = found[number + chain].group() if number + chain < len(found) else ""
            if (
                (chain > 1 and name.lower() in known)
                and (
                    before in CHANGED
                    or before in ALSO.get(verb, ())
                    or (before == "(" and earlier in COUNTS)
                    or following == "("
                )
            ) or (verb == "USE" and before == "USE" and name.lower() in known):
                yield Mention(name, token.start(), token.end())
            elif chain == 1 and word in DATABASE and before in ("CREATE", "ALTER", "DROP"):
                yield Mention(f"{before.lower()} database", token.start(), token.end())
            if chain > 1:
                word = ""
            number += chain - 1
        if word in VERBS:
            verb = word
        elif word in OVER or word == ";":
            verb = ""
        earlier, before = before, word
        number += 1


def renamed(sql: str, source: str, own: str) -> str:
    """Return SQL that changes `own` where it changed the database `source` by its name."""
    quoted = "`" + own.replace("`", "``") + "`"
    for mention in reversed(list(mentions(sql, (source,)))):
        sql = sql[: mention.start] + quoted + sql[mention.end :]
    return sql


def _is_dotted(found: list[re.Match[str]], number: int) -> bool:
    """Whether a dot and another name follow."""
    return number + 1 < len(found) and (
        found[number].group() == "." and found[number + 1].lastgroup in ("name", "string")
    )


def _bare(name: str) -> str:
    return name[1:-1].replace(name[0] * 2, name[0]) if name[0] in '`"' else name
