"""clauses: captured SQL taken apart as far as rules ask: the actions of an ALTER TABLE, one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from console.hazards.before import whole
from console.hazards.evidence import Evidence
from console.hazards.hazard import Severity
from console.hazards.registry import Finding
from console.hazards.table_name import Names, at
from console.hazards.types import SqlType, sql_type
from console.hazards.words import NAME, kept
from console.schema.probe import Probe, Question
from console.schema.sqltext import Token, join, tokens, unquote

ALTER = re.compile(
    rf"^ALTER (?:ONLINE )?(?:IGNORE )?TABLE (?:IF EXISTS )?(?:ONLY )?{NAME} (.*)$", re.IGNORECASE
)
CREATE = re.compile(
    rf"^CREATE (?:\w+ )?TABLE (?:IF NOT EXISTS )?{NAME} ?\((.*)\)[^()]*$", re.IGNORECASE
)
# Behind COLUMN any word is a name; without it, some begin another action.
ADD_COLUMN = re.compile(
    r"^ADD (?:COLUMN (?:IF NOT EXISTS )?|(?:IF NOT EXISTS )?"
    r"(?!(?:COLUMN|CONSTRAINT|UNIQUE|PRIMARY|FOREIGN|CHECK|INDEX|KEY|FULLTEXT|SPATIAL|PERIOD"
    r"|PARTITION|EXCLUDE|SYSTEM)\b))"
    rf"{NAME} (.*)$",
    re.IGNORECASE,
)
DROP_COLUMN = re.compile(
    r"^DROP (?:COLUMN (?:IF EXISTS )?|(?:IF EXISTS )?"
    r"(?!(?:COLUMN|INDEX|KEY|CONSTRAINT|PRIMARY|FOREIGN|CHECK|PARTITION|SYSTEM|PERIOD)\b))"
    rf"{NAME}",
    re.IGNORECASE,
)
CHANGE_COLUMN = re.compile(
    rf"^(?:MODIFY (?:COLUMN )?(?:IF EXISTS )?{NAME}|CHANGE (?:COLUMN )?(?:IF EXISTS )?{NAME} {NAME}) (.*)$",
    re.IGNORECASE,
)
ADD_CHECK = re.compile(rf"^ADD (?:CONSTRAINT {NAME} )?CHECK\b", re.IGNORECASE)
VALIDATE = re.compile(rf"^VALIDATE CONSTRAINT {NAME}", re.IGNORECASE)
STATED = re.compile(
    r"\b(?:ALGORITHM|LOCK) ?=? ?(?:INPLACE|INSTANT|NOCOPY|COPY|NONE|SHARED|EXCLUSIVE)\b",
    re.IGNORECASE,
)
QUALIFIED = re.compile(r'^("(?:[^"]|"")+"|[^".]+)\.("(?:[^"]|"")+"|[^".]+)$')
LARGE = 10_000_000  # bytes: to read or write them holds a lock for a tenth of a second


@dataclass(frozen=True)
class Sentence:
    """A statement on one line, with the usual spaces, and with quotes around those names only that
    need them here."""

    revision: str
    text: str
    names: Names = ()


@dataclass(frozen=True)
class Clause:
    """One action of an ALTER TABLE on a table that was there before: "ADD COLUMN price INTEGER".

    `whole` is the statement that it stands in.
    """

    revision: str
    table: str
    text: str
    whole: str
    names: Names = ()


def sentences(evidence: Evidence) -> Iterator[Sentence]:
    """Every statement of the plan, in order."""
    for statement in evidence.statements():
        yield Sentence(statement.revision, spaced(evidence, statement.sql), statement.names)


def spaced(evidence: Evidence, sql: str) -> str:
    """Return SQL in its normal form, with the quotes around words that mean something else without them."""
    preparer = evidence.target.parsed_url.get_dialect()().identifier_preparer
    found = []
    for kind, text in tokens(sql):
        is_reserved = kind == "name" and text.lower() in preparer.reserved_words
        found.append((kind, f'"{text}"' if is_reserved else text))
    return join(found).rstrip("; ")


def clauses(evidence: Evidence) -> Iterator[Clause]:
    """Every action of every ALTER TABLE on tables that were there before the plan."""
    for sentence in sentences(evidence):
        found = ALTER.match(sentence.text)
        if found:
            table = known_name(evidence, found[1], sentence.names)
            if evidence.was_there(table):
                for part in parts(found[2]):
                    yield Clause(sentence.revision, table, part, sentence.text, sentence.names)


def promised(evidence: Evidence, table: str) -> list[str]:
    """The CHECKs that hold for every row of a table: those that were there and validated, and those
    that the plan validates."""
    known = evidence.table(table)
    texts = [clause.text for clause in clauses(evidence) if clause.table == table]
    checks = [(p.name, p.definition) for p in known.parts if p.kind == "check"] if known else []
    checks += [(found[1], text) for text in texts if (found := ADD_CHECK.match(text))]
    validated = {found[1] for text in texts if (found := VALIDATE.match(text))}
    return [t for name, t in checks if "NOT VALID" not in t.upper() or name in validated]


def added_columns(evidence: Evidence) -> Iterator[tuple[Clause, str, str]]:
    """(clause, column, the rest of its definition) of every column added to such a table."""
    for clause in clauses(evidence):
        found = ADD_COLUMN.match(clause.text)
        if found:
            yield clause, unquote(found[1]), found[2]


def changed_column(text: str) -> tuple[str, str] | None:
    """(the name so far, the definition) of a column that MariaDB's MODIFY or CHANGE states anew."""
    found = CHANGE_COLUMN.match(text)
    return (unquote(found[1] or found[2]), found[4]) if found else None


def defined_columns(evidence: Evidence) -> Iterator[tuple[str, str, str, str]]:
    """(revision, table, column, definition) of columns in CREATE TABLE and ADD COLUMN; constraints
    that stand in a CREATE TABLE come as columns of that name ("FOREIGN", "CONSTRAINT")."""
    for sentence in sentences(evidence):
        made, changed = CREATE.match(sentence.text), ALTER.match(sentence.text)
        for part in parts(made[2]) if made else ():
            name, _, rest = part.partition(" ")
            yield sentence.revision, made[1] if made else "", unquote(name), rest
        for part in parts(changed[2]) if changed else ():
            found = ADD_COLUMN.match(part)
            if found and changed:
                yield (
                    sentence.revision,
                    known_name(evidence, changed[1], sentence.names),
                    unquote(found[1]),
                    found[2],
                )


def parts(text: str) -> list[str]:
    """Split SQL at the commas that stand in no brackets."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in tokens(text):
        depth += {"(": 1, ")": -1}.get(token[1], 0) if token[0] == "sign" else 0
        if token == ("sign", ",") and depth == 0:
            found.append([])
        else:
            found[-1].append(kept(*token))
    return [join(part) for part in found if part]


def known_name(evidence: Evidence, name: str, names: Names = ()) -> str:
    """A table's name as the catalogue has it: without the schema where that is the current one, and with
    quotes where a dot is part of it. `names` are those that mean other tables by then."""
    found = QUALIFIED.match(name)
    if found is None:
        return at(whole(unquote(name)), names)
    return at(evidence.name_in(unquote(found[1]), unquote(found[2])), names)


def named(evidence: Evidence, text: str, names: Names = ()) -> list[str]:
    """The tables of a list: "a, public.b"."""
    return [known_name(evidence, part.strip(), names) for part in parts(text)]


def type_in(definition: str) -> SqlType | None:
    """The type at the beginning of a column's definition."""
    return sql_type(type_text(definition))


def type_text(definition: str) -> str:
    """The type at the beginning of a column's definition, as it is written."""
    words = re.split(
        r" (?:NOT NULL|NULL|DEFAULT|PRIMARY|UNIQUE|REFERENCES|CHECK|COLLATE|USING|COMMENT|GENERATED"
        r"|CONSTRAINT|AUTO_INCREMENT|CHARACTER SET|AFTER|FIRST)\b",
        definition,
        maxsplit=1,
        flags=re.IGNORECASE,
    )
    return words[0]


def sized(
    evidence: Evidence, revision: str, table: str, subject: str, danger: str, rewrite: str
) -> Finding:
    """A finding about something that takes as long as a table is large: for a small one it is a
    warning."""
    found = evidence.asked(Question("size", table))
    waits = tuple(probe for probe in evidence.probe(Question("blockers", table)) if probe.answer)
    seen = (*found, *waits)
    return Finding(revision, subject, danger, rewrite, severity=milder(found), evidence=seen)


def milder(found: Iterable[Probe]) -> Severity | None:
    """ "warning" where a probe says that a table is small."""
    answers = [probe.answer for probe in found if probe.answer is not None]
    return "warning" if any(answer < LARGE for answer in answers) else None
