"""renames: what tables and columns were called before a plan that gives them other names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from console.hazards.clauses import ALTER, CREATE, known_name, parts, sentences
from console.hazards.evidence import Evidence
from console.hazards.words import NAME
from console.schema.sqltext import unquote

TABLE = re.compile(rf"^RENAME (?:TO |AS )?{NAME}$", re.IGNORECASE)
TABLES = re.compile(r"^RENAME TABLE (.*)$", re.IGNORECASE)
PAIR = re.compile(rf"^{NAME} TO {NAME}$", re.IGNORECASE)
COLUMN = re.compile(
    rf"^RENAME (?:COLUMN )?(?!(?:TO|CONSTRAINT|INDEX|KEY)\b){NAME} TO {NAME}$", re.IGNORECASE
)
CHANGED = re.compile(rf"^CHANGE (?:COLUMN )?(?:IF EXISTS )?{NAME} {NAME} ", re.IGNORECASE)


@dataclass(frozen=True)
class Renames:
    """The names before the plan by those that it gives: of tables, and of columns beside the name
    that their table had."""

    tables: dict[str, str] = field(default_factory=dict)
    columns: dict[tuple[str, str], str] = field(default_factory=dict)


def renames(evidence: Evidence) -> Renames:
    """Return what a plan renames, one step upon the other; what it makes itself had no name before."""
    found, made = Renames(), set[str]()
    for sentence in sentences(evidence):
        if created := CREATE.match(sentence.text):
            made.add(known_name(evidence, created[1]))
        for old, new in _pairs(evidence, sentence.text):
            if old in made:
                made.add(new)
            else:
                found.tables[new] = found.tables.pop(old, old)
        altered = ALTER.match(sentence.text)
        for part in parts(altered[2]) if altered else ():
            pair = COLUMN.match(part) or CHANGED.match(part)
            if pair and altered and pair[1] != pair[2]:
                name = known_name(evidence, altered[1])
                table, before = found.tables.get(name, name), unquote(pair[1])
                before = found.columns.pop((table, before), before)
                found.columns[table, unquote(pair[2])] = before
    for operation in evidence.done:  # batch mode renames a column without a word of SQL
        after, name = operation.detail("new_name"), operation.table or ""
        table, before = found.tables.get(name, name), operation.column or ""
        if operation.name == "alter_column" and after and (table, after) not in found.columns:
            found.columns[table, after] = found.columns.pop((table, before), before)
    return found


def _pairs(evidence: Evidence, text: str) -> Iterator[tuple[str, str]]:
    """(old, new) of every table that a statement renames."""
    altered, listed = ALTER.match(text), TABLES.match(text)
    if altered and (renamed := TABLE.match(altered[2])):
        old, new = known_name(evidence, altered[1]), known_name(evidence, renamed[1])
        schema = old.rpartition(".")[0]
        yield old, f"{schema}.{new}" if schema and "." not in new else new
    for part in parts(listed[1]) if listed else ():
        if pair := PAIR.match(part):
            yield known_name(evidence, pair[1]), known_name(evidence, pair[2])
