"""sqltext: SQL in one normal form, so that spacing, quoting and comments make no difference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

TOKEN = re.compile(
    r"""
      (?P<blank>\s+|--[^\n]*|/\*.*?\*/)
    | (?P<string>[xX]?'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
    | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
    | (?P<word>[^\W\d][\w$]*)
    | (?P<operator><->|-\|-|&&|&<|&>|@>|<@|@@|\#>>|\#>|\?\||\?&|!~~\*?|!~\*?|~~\*?|~\*|~=
        |<=|>=|<>|!=|==|\|\||<<|>>|->>|->|::|:=)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
PLAIN_NAME = re.compile(r"[^\W\d][\w$]*")
Token = tuple[str, str]  # (kind, text)
# What may hold a semicolon that ends no statement; a body of a function between dollar signs, too.
HELD = re.compile(
    r"""
      --[^\n]* | /\*.*?\*/
    | [eE]'(?:\\.|''|[^'\\])*' | '(?:''|[^'])*' | "(?:""|[^"])*"
    | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    | (?P<end>;)
    """,
    re.VERBOSE | re.DOTALL,
)
# The same on MariaDB, whose quotes may stand behind a backslash in a text.
HELD_BY_MARIADB = re.compile(
    r"""
      --[^\n]* | \#[^\n]* | /\*.*?\*/
    | '(?:\\.|''|[^'\\])*' | "(?:\\.|""|[^"\\])*" | `(?:``|[^`])*`
    | (?P<end>;)
    """,
    re.VERBOSE | re.DOTALL,
)
ATOMIC = re.compile(r"\bBEGIN\s+ATOMIC\b", re.IGNORECASE)  # a body of statements, in no quotes
GLUED_BEFORE = frozenset(",).;")  # no space before these
SPACED = frozenset(
    [
        "AND",
        "OR",
        "NOT",
        "IN",
        "ON",
        "AS",
        "CHECK",
        "KEY",
        "VALUES",
        "WHERE",
        "WHEN",
        "THEN",
        "ELSE",
        "OVER",
        "USING",
    ]
)
GLUED_AFTER = frozenset("(.")  # and none after these


def tokens(sql: str) -> Iterator[Token]:
    """Yield (kind, text) for each token: "string", "word", "name" for what was quoted, "number" and
    "sign". Comments and blanks are left out, quotes around plain names dropped."""
    for found in TOKEN.finditer(sql):
        kind, text = found.lastgroup or "sign", found.group()
        if kind == "quoted":
            inner = unquote(text)
            plain = PLAIN_NAME.fullmatch(inner) is not None
            yield "name", inner if plain else '"' + inner.replace('"', '""') + '"'
        elif kind == "operator":
            yield "sign", text
        elif kind != "blank":
            yield kind, text


def split(sql: str, held: re.Pattern[str] = HELD) -> list[str]:
    """Return the statements of a text that PostgreSQL takes as several; one with a body is left whole.
    `held` is what may hold a semicolon that ends none."""
    if ATOMIC.search(sql):
        return [sql]
    ends = [found.start() for found in held.finditer(sql) if found["end"]]
    pieces = [sql[start:end] for start, end in pairwise([0, *ends, len(sql)])]
    pieces = [piece.removeprefix(";") for piece in pieces]
    return [piece for piece in pieces if next(tokens(piece), None)] or [sql]


def unquote(name: str) -> str:
    """Return an identifier without the quotes of any database."""
    if len(name) > 1 and name[0] in '"`' and name[-1] == name[0]:
        return name[1:-1].replace(name[0] * 2, name[0])
    if len(name) > 1 and name[0] == "[" and name[-1] == "]":
        return name[1:-1]
    return name


def join(found: Iterable[Token]) -> str:
    """Return tokens as text with the usual spaces."""
    parts: list[str] = []
    before = ""
    for kind, text in found:
        opens_call = text == "(" and before in ("word", "name") and parts[-1].upper() not in SPACED
        glued = text in GLUED_BEFORE or (parts and parts[-1] in GLUED_AFTER) or opens_call
        if parts and not glued:
            parts.append(" ")
        parts.append(text)
        before = kind
    return "".join(parts)


def normal(sql: str) -> str:
    """Return SQL on one line with the usual spaces, without comments and without needless quotes."""
    return join(tokens(sql))


def key(sql: str) -> str:
    """Return what two equal pieces of SQL have in common: `normal`, its words in small letters."""
    return join(
        (kind, text.lower() if kind in ("word", "name") else text) for kind, text in tokens(sql)
    )
