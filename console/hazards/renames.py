"""renames: what tables and columns were called before a plan that gives them other names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from console.hazards.before import whole
from console.hazards.captured import Sent
from console.hazards.clauses import ALTER, CREATE, known_name, parts, sentences, spaced
from console.hazards.evidence import Evidence
from console.hazards.spelling import place
from console.hazards.table_name import Renamed, at
from console.hazards.words import NAME
from console.schema.sqltext import unquote
from console.schema.statement import Operation, Statement

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
    found, made, sent = Renames(), set[str](), set[tuple[str, str, str]]()
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
            pair = renamed_column(part)
            if pair and altered:
                (before, new), name = pair, known_name(evidence, altered[1])
                table = found.tables.get(name, name)
                sent.add((table, before, new))
                found.columns[table, new] = found.columns.pop((table, before), before)
    for operation in evidence.done:  # batch mode renames a column without a word of SQL
        after, name = operation.detail("new_name"), operation.table or ""
        table, before = found.tables.get(name, name), operation.column or ""
        is_new = operation.name == "alter_column" and (table, before, after) not in sent
        if is_new and after and after != before:
            found.columns[table, after] = found.columns.pop((table, before), before)
    return found


def renamed_column(text: str) -> tuple[str, str] | None:
    """Return (old, new) of a column that an action of ALTER TABLE renames; None for any other."""
    pair = COLUMN.match(text) or CHANGED.match(text)
    return (unquote(pair[1]), unquote(pair[2])) if pair and pair[1] != pair[2] else None


def named(evidence: Evidence, statements: Iterable[Statement]) -> Iterator[Sent]:
    """Yield statements with the names that those before them have given to other tables."""
    renamed = Renamed()
    for statement in statements:
        yield Sent(**vars(statement), names=renamed.names)
        text = spaced(evidence, statement.sql) if "RENAME" in statement.sql.upper() else ""
        for old, new in _pairs(evidence, text):
            renamed.rename(old, new)


def named_operations(evidence: Evidence, operations: Iterable[Operation]) -> Iterator[Operation]:
    """Yield operations with the catalogue's names of their tables, and what these were called before."""
    renamed = Renamed()
    for operation in operations:
        schema, table = operation.detail("schema"), operation.table
        if not table:
            yield operation
            continue
        is_whole = not schema and operation.name != "bulk_insert"  # which writes both together
        name = whole(table) if is_whole else evidence.name_in(schema, table)
        yield replace(operation, table=at(name, renamed.names))
        new = operation.detail("new_name")
        if operation.name == "rename_table" and new:
            renamed.rename(name, evidence.name_in(schema, whole(new)))


def _pairs(evidence: Evidence, text: str) -> Iterator[tuple[str, str]]:
    """(old, new) of every table that a statement renames."""
    altered, listed = ALTER.match(text), TABLES.match(text)
    if altered and (renamed := TABLE.match(altered[2])):
        old, new = known_name(evidence, altered[1]), known_name(evidence, renamed[1])
        schema = place(old)[0]
        yield old, f"{schema}.{new}" if schema and not place(new)[0] else new
    for part in parts(listed[1]) if listed else ():
        if pair := PAIR.match(part):
            yield known_name(evidence, pair[1]), known_name(evidence, pair[2])
