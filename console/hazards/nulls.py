"""Rules about NULL in the conditions of statements that write rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from console.hazards.clauses import known_name
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import execute, respelled, unquoted
from console.hazards.words import kept
from console.hazards.writing import writes
from console.schema.sqltext import Token, join, tokens

BECOMES = {"=": "IS", "==": "IS", "<>": "IS NOT", "!=": "IS NOT"}
ASKS = {"WHERE": True, "ON": True, "SET": False, "UPDATE": False}  # what begins behind these words
DOES = {"UPDATE": "changes no row", "DELETE": "removes no row", "INSERT": "adds no row"}


@dataclass(frozen=True)
class Comparison:
    """A comparison with NULL as it is written; `decides` where nothing else can make the condition of its
    statement true."""

    text: str
    decides: bool


@rule(
    "compares-with-null",
    "error",
    "Nothing equals NULL, nor differs from it: such a condition is true for no row. A backfill that asks so does "
    "nothing, without an error, and is stamped as done.",
    instead="Write IS NULL or IS NOT NULL.",
)
def compares_with_null(evidence: Evidence) -> Iterator[Finding]:
    """Comparisons with NULL in what decides which rows are written."""
    for statement in evidence.statements():
        found = comparisons(statement.sql)
        for write in writes(statement.sql)[:1] if found else ():
            table = known_name(evidence, write.table, statement.names)
            shown = unquoted(" and ".join(dict.fromkeys(one.text for one in found)))
            again = respelled(evidence, mended(statement.sql))
            does = f": the {write.verb} of {table} {DOES[write.verb]}"
            yield Finding(
                statement.revision,
                table,
                f"{shown} {'is' if len(found) == 1 else 'are'} true for no row"
                f"{does if any(one.decides for one in found) else ''}.",
                # What was sent beside the statement is not in it.
                f"# {again}" if statement.parameters else execute(again),
            )


def comparisons(sql: str) -> tuple[Comparison, ...]:
    """Return the comparisons with NULL in the conditions of a statement; "SET a = NULL" is none."""
    found = _kept(sql)
    is_open = any(kind == "word" and text.upper() == "OR" for kind, text in found)
    return tuple(
        Comparison(join(found[_begin(found, at) : at + 2]), is_outer and not is_open)
        for at, is_outer in _places(found)
    )


def mended(sql: str) -> str:
    """Return a statement with IS NULL in their place, in normal form."""
    found = _kept(sql)
    for at, _ in _places(found):
        found[at] = ("word", BECOMES[found[at][1]])
    return join(found).rstrip("; ")


def _kept(sql: str) -> list[Token]:
    return [kept(*token) for token in tokens(sql)]


def _places(found: Sequence[Token]) -> Iterator[tuple[int, bool]]:
    """(where the sign stands, whether in the outermost WHERE) of each comparison with NULL."""
    asks = [False]  # whether a condition has begun, bracket by bracket
    is_where = False
    for at, (kind, text) in enumerate(found):
        word = text.upper()
        if kind == "sign" and text == "(":
            asks.append(asks[-1])
        elif kind == "sign" and text == ")" and len(asks) > 1:
            asks.pop()
        elif kind == "word" and word in ASKS:
            asks[-1] = ASKS[word]
            is_where = word == "WHERE" if len(asks) == 1 else is_where
        elif kind == "sign" and text in BECOMES and asks[-1] and _is_null(found[at + 1 :]):
            yield at, is_where and len(asks) == 1


def _is_null(found: Sequence[Token]) -> bool:
    return bool(found) and (found[0][0], found[0][1].upper()) == ("word", "NULL")


def _begin(found: Sequence[Token], at: int) -> int:
    """Where the operand before a sign begins: products.weight, lower(name)."""
    at -= 1
    depth = int(found[at] == ("sign", ")"))
    while depth and at > 0:
        at -= 1
        depth += {")": 1, "(": -1}.get(found[at][1], 0) if found[at][0] == "sign" else 0
        if depth == 0 and at > 0 and found[at - 1][0] in ("word", "name"):
            at -= 1
    while at > 1 and found[at - 1] == ("sign", "."):
        at -= 2
    return at
