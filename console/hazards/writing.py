"""writing: whose rows a statement changes, and whether it leaves any of them out."""

# ruff: noqa: S608 - patterns of SQL

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from console.hazards.words import NAME, bare, kept
from console.schema.sqltext import Token, join, tokens

Verb = Literal["UPDATE", "DELETE", "INSERT"]
HOW = r"(?:LOW_PRIORITY |QUICK |IGNORE |OR \w+ |ONLY )*"
TABLE = rf"(?P<table>{NAME}|…)"
WITH = re.compile(r"^WITH .*\(\).*? (?=(?:UPDATE|DELETE|INSERT|MERGE)\b)", re.IGNORECASE)
UPDATE = re.compile(rf"^UPDATE {HOW}(?P<tables>{TABLE}.*?) SET (?P<rest>.*)$", re.IGNORECASE)
DELETE = re.compile(rf"^DELETE {HOW}FROM {HOW}{TABLE}(?![\w$.,])(?P<rest>.*)$", re.IGNORECASE)
# MariaDB's and MySQL's: DELETE a, b FROM a JOIN b; DELETE FROM a, b USING a JOIN b.
SEVERAL = re.compile(
    rf"^DELETE {HOW}(?:FROM )?(?P<targets>[^ ]+(?:, [^ ]+)*) (?:FROM|USING) (?P<rest>.*)$",
    re.IGNORECASE,
)
INSERT = re.compile(rf"^(?:INSERT|REPLACE) (?:\w+ )*?INTO {TABLE}(?P<rest>.*)$", re.IGNORECASE)
MERGE = re.compile(rf"^MERGE INTO {HOW}{TABLE}.*? ON (?P<on>.*?) (?P<rest>WHEN .*)$", re.IGNORECASE)
BRANCH = re.compile(
    r"WHEN (?:NOT )?MATCHED(?: BY \w+)?(?P<only> AND .*?)? THEN (?P<verb>UPDATE|DELETE|INSERT)",
    re.IGNORECASE,
)
ALIAS = r"(?:\"(?:[^\"]|\"\")+\"|[\w$]+)"
OWNED = re.compile(rf"^({ALIAS})\.{ALIAS} =", re.IGNORECASE)
OUTER = re.compile(r"\b(?:LEFT|RIGHT|FULL|CROSS)(?: OUTER)? JOIN\b", re.IGNORECASE)
JOINED = re.compile(r"\bNATURAL JOIN\b|\bJOIN\b.* (?:ON|USING)\b", re.IGNORECASE)
WHERE = re.compile(r"\bWHERE (.*?)(?: RETURNING\b.*| ORDER BY\b.*)?$", re.IGNORECASE)
LIMIT = re.compile(r"\bLIMIT \S", re.IGNORECASE)
OPEN = re.compile(r"(?:^ ?|[\w)\"'] )…")  # something computed, which may be a condition
CONSTANT = r"(?:TRUE|NOT FALSE|[1-9]\d*|(?P<same>\w+) = (?P=same))"
ALWAYS = re.compile(rf"(?:.* OR )?{CONSTANT}", re.IGNORECASE)
BRACKETED = re.compile(rf"\b(WHERE|OR|ON) \(({CONSTANT})\)", re.IGNORECASE)
EMPTY = re.compile(r"\(\)")


@dataclass(frozen=True)
class Write:
    """What a statement does to the rows of one table: to all of them, where nothing leaves any out
    (`is_whole`). `added` is how many rows an INSERT writes out; None for any other."""

    verb: Verb
    table: str
    is_whole: bool = False
    added: int | None = None


def writes(sql: str) -> tuple[Write, ...]:
    """Return what a statement changes, by the names that it has for the tables; what stands in the
    brackets of a WITH counts as well, and comes first."""
    return tuple(_read(bare(sql)))


def _read(text: str) -> Iterator[Write]:
    flat, inner = _flattened(BRACKETED.sub(r"\1 \2", text))
    if WITH.match(flat):
        for part in inner:
            yield from _read(part)
    yield from _written(WITH.sub("", flat))


def _flattened(text: str) -> tuple[str, list[str]]:
    """A text with nothing in its brackets, and what stood in each pair of them."""
    flat, inner, depth = list[Token](), list[list[Token]](), 0
    for token in (kept(*found) for found in tokens(text)):
        depth -= token == ("sign", ")")
        if depth <= 0:
            flat.append(token)
        elif token == ("sign", "(") and depth == 0:
            inner.append([])
        else:
            inner[-1].append(token)
        if token == ("sign", "("):
            depth += 1
            inner += [[]] if depth == 1 else []
    return join(flat), [join(part) for part in inner]


def _written(flat: str) -> Iterator[Write]:
    if found := UPDATE.match(flat):
        tables, owned = found["tables"], OWNED.match(found["rest"])
        name = (_called(tables, owned[1]) if owned else None) or found["table"]
        yield Write("UPDATE", name, not (_is_joined(tables) or _is_narrowed(found["rest"])))
    elif found := DELETE.match(flat):
        tables = found["rest"].partition(" USING ")[2].partition(" WHERE ")[0]
        is_joined = _is_named(tables, found["table"]) and _is_joined(tables)
        name = _called(tables, found["table"]) or found["table"]
        yield Write("DELETE", name, not (is_joined or _is_narrowed(found["rest"])))
    elif found := SEVERAL.match(flat):
        tables = found["rest"].partition(" WHERE ")[0]
        is_whole = not (_is_joined(tables) or _is_narrowed(found["rest"]))
        for target in found["targets"].split(", "):
            name = target.removesuffix(".*")
            yield Write("DELETE", _called(tables, name) or name, is_whole)
    elif found := INSERT.match(flat):
        rows = found["rest"].partition(" VALUES ")[2].partition(" ON ")[0]
        yield Write("INSERT", found["table"], added=len(EMPTY.findall(rows)) or None)
    elif found := MERGE.match(flat):
        is_always = ALWAYS.fullmatch(found["on"]) is not None
        for branch in BRANCH.finditer(found["rest"]):
            verb = _verb(branch["verb"])
            is_whole = is_always and verb != "INSERT" and not branch["only"]
            yield Write(verb, found["table"], is_whole)


def _verb(word: str) -> Verb:
    return (
        "UPDATE" if word.upper() == "UPDATE" else "DELETE" if word.upper() == "DELETE" else "INSERT"
    )


def _is_named(tables: str, name: str) -> bool:
    """Whether a list of tables has one of that name, which PostgreSQL's USING has not of its own."""
    return re.search(rf"(?:^|[ ,]){re.escape(name)}(?=$|[ ,])", tables, re.IGNORECASE) is not None


def _called(tables: str, name: str) -> str | None:
    """The table that goes by another name in a list of tables; None for none."""
    pattern = rf"(?:^|, | JOIN ){NAME} (?:AS )?{re.escape(name)}(?=$|[ ,])"
    found = re.search(pattern, tables, re.IGNORECASE)
    return found[1] if found else None


def _is_joined(tables: str) -> bool:
    """Whether tables are joined in such a way that rows may be left out."""
    return JOINED.search(tables) is not None and OUTER.search(tables) is None


def _is_narrowed(rest: str) -> bool:
    """Whether there is a condition that is not always true, or a LIMIT, or something computed that
    may be either."""
    found = WHERE.search(rest)
    if LIMIT.search(rest):
        return True
    if found is None:
        return OPEN.search(rest) is not None
    return ALWAYS.fullmatch(found[1]) is None
