"""clauses: captured SQL taken apart as far as rules ask: the actions of an ALTER TABLE, one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from console.hazards.evidence import Evidence
from console.hazards.hazard import Severity
from console.hazards.registry import Finding
from console.hazards.types import SqlType, sql_type
from console.schema.probe import Probe, Question
from console.schema.sqltext import Token, join, tokens

NAME = r'((?:"(?:[^"]|"")+"|[\w$]+)(?:\.(?:"(?:[^"]|"")+"|[\w$]+))?)'
ALTER = re.compile(
    rf"^ALTER (?:ONLINE )?(?:IGNORE )?TABLE (?:IF EXISTS )?(?:ONLY )?{NAME} (.*)$", re.IGNORECASE
)
CREATE = re.compile(
    rf"^CREATE (?:\w+ )?TABLE (?:IF NOT EXISTS )?{NAME} ?\((.*)\)[^()]*$", re.IGNORECASE
)
ADD_COLUMN = re.compile(
    r"^ADD (?:COLUMN )?(?:IF NOT EXISTS )?"
    r"(?!(?:CONSTRAINT|UNIQUE|PRIMARY|FOREIGN|CHECK|INDEX|KEY|FULLTEXT|SPATIAL|PERIOD|PARTITION)\b)"
    rf"{NAME} (.*)$",
    re.IGNORECASE,
)
LARGE = 10_000_000  # bytes: to read or write them holds a lock for a tenth of a second


@dataclass(frozen=True)
class Sentence:
    """A statement on one line, with the usual spaces and without needless quotes."""

    revision: str
    text: str


@dataclass(frozen=True)
class Clause:
    """One action of an ALTER TABLE on a table that was there before: "ADD COLUMN price INTEGER".

    `whole` is the statement that it stands in.
    """

    revision: str
    table: str
    text: str
    whole: str


def sentences(evidence: Evidence) -> Iterator[Sentence]:
    """Every statement of the plan, in order."""
    for statement in evidence.statements():
        text = join(list(tokens(statement.sql))).rstrip("; ")
        yield Sentence(statement.revision, text)


def clauses(evidence: Evidence) -> Iterator[Clause]:
    """Every action of every ALTER TABLE on tables that were there before the plan."""
    for sentence in sentences(evidence):
        found = ALTER.match(sentence.text)
        if found:
            table = known_name(evidence, found[1])
            if evidence.was_there(table):
                for part in parts(found[2]):
                    yield Clause(sentence.revision, table, part, sentence.text)


def added_columns(evidence: Evidence) -> Iterator[tuple[Clause, str, str]]:
    """(clause, column, the rest of its definition) of every column added to such a table."""
    for clause in clauses(evidence):
        found = ADD_COLUMN.match(clause.text)
        if found:
            yield clause, found[1], found[2]


def defined_columns(evidence: Evidence) -> Iterator[tuple[str, str, str, str]]:
    """(revision, table, column, definition) of columns in CREATE TABLE and ADD COLUMN; constraints
    that stand in a CREATE TABLE come as columns of that name ("FOREIGN", "CONSTRAINT")."""
    for sentence in sentences(evidence):
        made, changed = CREATE.match(sentence.text), ALTER.match(sentence.text)
        for part in parts(made[2]) if made else ():
            name, _, rest = part.partition(" ")
            yield sentence.revision, made[1] if made else "", name, rest
        for part in parts(changed[2]) if changed else ():
            found = ADD_COLUMN.match(part)
            if found and changed:
                yield sentence.revision, known_name(evidence, changed[1]), found[1], found[2]


def parts(text: str) -> list[str]:
    """Split SQL at the commas that stand in no brackets."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in tokens(text):
        depth += {"(": 1, ")": -1}.get(token[1], 0) if token[0] == "sign" else 0
        if token == ("sign", ",") and depth == 0:
            found.append([])
        else:
            found[-1].append(token)
    return [join(part) for part in found if part]


def known_name(evidence: Evidence, name: str) -> str:
    """A table's name as the catalogue has it: without the schema where that is the current one."""
    plain = name.rpartition(".")[2].strip('"')
    return plain if evidence.table(plain) or "." not in name else name


def type_in(definition: str) -> SqlType | None:
    """The type at the beginning of a column's definition."""
    words = re.split(
        r" (?:NOT NULL|NULL|DEFAULT|PRIMARY|UNIQUE|REFERENCES|CHECK|COLLATE|USING|COMMENT|GENERATED"
        r"|CONSTRAINT|AUTO_INCREMENT|CHARACTER SET|AFTER|FIRST)\b",
        definition,
        maxsplit=1,
        flags=re.IGNORECASE,
    )
    return sql_type(words[0])


def sized(
    evidence: Evidence, revision: str, table: str, subject: str, danger: str, rewrite: str
) -> Finding:
    """A finding about something that takes as long as a table is large: for a small one it is a
    warning."""
    found = evidence.probe(Question("size", table))
    return Finding(revision, subject, danger, rewrite, severity=milder(found), evidence=found)


def milder(found: Iterable[Probe]) -> Severity | None:
    """ "warning" where a probe says that a table is small."""
    return "warning" if any((probe.answer or 0) < LARGE for probe in found) else None
