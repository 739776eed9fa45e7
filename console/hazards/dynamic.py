"""dynamic: what EXECUTE and PREPARE run, as far as it is written out: computed parts are "…"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.core import MARK

# PL/pgSQL's EXECUTE, MariaDB's EXECUTE IMMEDIATE, and the PREPARE of both servers.
BEGINS = re.compile(
    r"^\s*(?:EXECUTE\s+IMMEDIATE\b|EXECUTE\b|PREPARE\s+\S+\s+FROM\b)(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
LITERAL = (
    r"[eE]'(?:\\.|''|[^'\\])*'|'(?:''|[^'])*'|\$(?P<{tag}>\w*)\$.*?\$(?P={tag})\$"
    r'|"(?:""|[^"])*"'
)
PIECE = re.compile(
    rf"{LITERAL.format(tag='a')}|\|\||\b(?:INTO|USING)\b|[(),]|\w+|.", re.IGNORECASE | re.DOTALL
)
TEXT = re.compile(
    r"[eE]?'(?P<quoted>.*)'|\$(?P<tag>\w*)\$(?P<dollars>.*)\$(?P=tag)\$", re.IGNORECASE | re.DOTALL
)
FORMAT = re.compile(r"\s*format\s*\((?P<given>.*)\)\s*", re.IGNORECASE | re.DOTALL)
FIELD = re.compile(r"%(?:(?P<place>\d+)\$)?-?\d*(?P<kind>[sIL%])")
ESCAPED = re.compile(r"\\(.)|''", re.DOTALL)


def executed(sql: str) -> str | None:
    """Return what a statement runs that is given as a text; None for a statement that runs no text."""
    found = BEGINS.match(sql)
    return _value(next(_split(found["rest"], "INTO", "USING"))) if found else None


def _split(text: str, *ends: str) -> Iterator[str]:
    """A text apart at what stands in no quotes and no brackets."""
    depth, part = 0, ""
    for found in PIECE.finditer(text):
        piece = found.group()
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if depth == 0 and piece.upper() in ends:
            yield part
            part = ""
        else:
            part += piece
    yield part


def _value(expression: str) -> str:
    """The text that an expression comes to."""
    return "".join(map(_operand, _split(expression, "||")))


def _operand(expression: str) -> str:
    written, formatted = TEXT.fullmatch(expression.strip()), FORMAT.fullmatch(expression)
    if written:
        return _unquoted(expression.strip(), written)
    return _formatted(*_split(formatted["given"], ",")) if formatted else MARK


def _unquoted(text: str, written: re.Match[str]) -> str:
    """What a text between quotes says."""
    if written["quoted"] is None:
        return written["dollars"]
    if text[0] in "eE":
        return ESCAPED.sub(lambda found: found[1] or "'", written["quoted"])
    return written["quoted"].replace("''", "'")


def _formatted(shape: str, *given: str) -> str:
    """What PostgreSQL's format() makes."""
    values, number = [_value(one) for one in given], 0

    def field(found: re.Match[str]) -> str:
        nonlocal number
        if found["kind"] == "%":
            return "%"
        number = int(found["place"] or number + 1)
        value = values[number - 1] if 0 < number <= len(values) else MARK
        if value == MARK or found["kind"] == "s":
            return value
        return f'"{value}"' if found["kind"] == "I" else f"'{value}'"

    return FIELD.sub(field, _value(shape))
