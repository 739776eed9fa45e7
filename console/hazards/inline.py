"""inline: constraints that stand beside a column, and the column without them."""

from __future__ import annotations

from dataclasses import dataclass

from console.hazards.words import kept
from console.schema.sqltext import Token, join, tokens

BEGINS = frozenset(
    {"CONSTRAINT", "UNIQUE", "PRIMARY", "REFERENCES", "CHECK", "GENERATED", "COLLATE"}
)
OF_KEY = ("DEFERRABLE", "DISTINCT", "VALID", "ENFORCED")  # behind a NOT that begins nothing new


@dataclass(frozen=True)
class Inline:
    """A constraint as it is written, its name ("" for none), and the rest of the definition."""

    text: str
    name: str
    rest: str


def inline(definition: str, word: str) -> Inline | None:
    """Return the constraint that begins with `word` ("UNIQUE", "CHECK") in a column's definition, in
    no brackets; None where there is none."""
    found = [kept(*token) for token in tokens(definition)]
    first = _first(found, word)
    if first is None:
        return None
    end = next((i for i in range(first + 1, len(found)) if _begins(found, i)), len(found))
    is_named = first > 1 and found[first - 2][1].upper() == "CONSTRAINT"
    start = first - 2 if is_named else first
    name = found[first - 1][1] if is_named else ""
    return Inline(join(found[first:end]), name, join([*found[:start], *found[end:]]))


def _depth(found: list[Token], position: int) -> int:
    before = [text for kind, text in found[:position] if kind == "sign"]
    return before.count("(") - before.count(")")


def _first(found: list[Token], word: str) -> int | None:
    for position, (kind, text) in enumerate(found):
        if kind == "word" and text.upper() == word and _depth(found, position) == 0:
            return position
    return None


def _begins(found: list[Token], position: int) -> bool:
    """Whether something else of the column begins here, behind a constraint."""
    kind, text = found[position]
    word, before = text.upper(), found[position - 1][1].upper()
    following = found[position + 1][1].upper() if position + 1 < len(found) else ""
    if kind != "word" or _depth(found, position):
        return False
    if word in ("NULL", "DEFAULT"):  # not that of ON DELETE SET NULL
        return before not in ("SET", "NOT")
    if word == "NOT":
        return following not in OF_KEY
    return word in BEGINS
