"""implied: the operations that SQL comes to which no operation of Alembic's stands for.

Rules about operations so see what `op.execute("ALTER TABLE …")` does as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from console.hazards.clauses import (
    ADD_COLUMN,
    Clause,
    changed_column,
    clauses,
    known_name,
    parts,
    sentences,
    type_text,
)
from console.hazards.evidence import Evidence
from console.hazards.inline import inline
from console.hazards.renames import COLUMN, PAIR, TABLE, TABLES
from console.hazards.words import NAME
from console.schema.sqltext import unquote
from console.schema.statement import Operation

TYPE = re.compile(
    rf"^ALTER (?:COLUMN )?{NAME} (?:SET DATA )?TYPE (.+?)(?: COLLATE .*?)?(?: USING .*)?$",
    re.IGNORECASE,
)
NULLABLE = re.compile(rf"^ALTER (?:COLUMN )?{NAME} (SET|DROP) NOT NULL$", re.IGNORECASE)
NAMED = rf"^ADD (?:CONSTRAINT {NAME} )?"
UNIQUE = re.compile(
    NAMED + r"UNIQUE(?: (?:INDEX|KEY))?(?: NULLS (NOT )?DISTINCT)?(?: ?[\w\"$]+)? ?\(([^()]+)\)",
    re.IGNORECASE,
)
CHECK = re.compile(NAMED + r"CHECK ?\((.*)\)(.*)$", re.IGNORECASE)
FOREIGN = re.compile(
    NAMED + rf"FOREIGN KEY(?: [\w\"$]+)? ?\(([^()]+)\) REFERENCES {NAME} ?\(([^()]+)\)(.*)$",
    re.IGNORECASE,
)
UNIQUE_INDEX = re.compile(
    rf"^CREATE UNIQUE INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?(?:{NAME} )?ON (?:ONLY )?{NAME}"
    r"(?: USING \w+)? ?\(([^()]+)\)(.*)$",
    re.IGNORECASE,
)
FILLED = re.compile(r"\b(?:DEFAULT|IDENTITY|SERIAL|AUTO_INCREMENT)\b|SERIAL\b", re.IGNORECASE)
COMPUTED = re.compile(r"\bGENERATED ALWAYS AS \(|\bAS ?\(", re.IGNORECASE)
DEFAULT = re.compile(r"\bDEFAULT (\S+)", re.IGNORECASE)
WHERE = re.compile(r" WHERE (.*)$", re.IGNORECASE)
Details = dict[str, str | None]


def implied(evidence: Evidence, done: Sequence[Operation]) -> tuple[Operation, ...]:
    """Return what the statements of a plan do to tables that were there, but for what the operations
    that are `done` account for."""
    known = {_key(operation) for operation in done}
    found = _operations(evidence)
    return tuple(operation for operation in found if _key(operation) not in known)


def _key(operation: Operation) -> tuple[str | None, ...]:
    """What two ways to say the same have in common."""
    said = operation.detail
    if operation.name in ("create_unique_constraint", "create_foreign_key", "create_index"):
        return operation.revision, operation.table, said("columns")
    if operation.name == "create_check_constraint":
        return operation.revision, operation.table, "check", said("name")
    return operation.revision, operation.name, operation.table, operation.column


def _operations(evidence: Evidence) -> Iterator[Operation]:
    for clause in clauses(evidence):
        for name, column, details in _of(evidence, clause):
            given = tuple((key, value) for key, value in details.items() if value)
            yield Operation(clause.revision, name, clause.table, column, given)
    for sentence in sentences(evidence):
        renamed, index = TABLES.match(sentence.text), UNIQUE_INDEX.match(sentence.text)
        for part in parts(renamed[1]) if renamed else ():
            if pair := PAIR.match(part):
                new = (("new_name", known_name(evidence, pair[2])),)
                table = known_name(evidence, pair[1], sentence.names)
                yield Operation(sentence.revision, "rename_table", table, None, new)
        if index:
            where, listed = WHERE.search(index[4]), _listed(index[3])
            said = [("name", unquote(index[1] or "")), ("columns", listed), ("unique", "yes")]
            said += [("where", where[1])] if where else []
            table = known_name(evidence, index[2], sentence.names)
            yield Operation(sentence.revision, "create_index", table, None, tuple(said))


def _of(evidence: Evidence, clause: Clause) -> Iterator[tuple[str, str | None, Details]]:
    """(operation, column, details) of one action of an ALTER TABLE."""
    text = clause.text
    if found := COLUMN.match(text):
        yield "alter_column", unquote(found[1]), {"new_name": unquote(found[2]), "restates": "no"}
    elif found := TABLE.match(text):
        yield "rename_table", None, {"new_name": known_name(evidence, found[1])}
    elif found := TYPE.match(text):
        yield "alter_column", unquote(found[1]), {"type": found[2]}
    elif found := NULLABLE.match(text):
        nullable = "no" if found[2].upper() == "SET" else "yes"
        yield "alter_column", unquote(found[1]), {"nullable": nullable}
    elif found := FOREIGN.match(text):
        yield "create_foreign_key", None, _foreign_key(evidence, found)
    elif found := CHECK.match(text):
        if "NOT VALID" not in found[3].upper():
            yield "create_check_constraint", None, {"name": _name(found[1]), "condition": found[2]}
    elif (found := UNIQUE.match(text)) and "USING INDEX" not in text.upper():
        counts = "yes" if found[2] else None
        details = {
            "name": _name(found[1]),
            "columns": _listed(found[3]),
            "nulls_not_distinct": counts,
        }
        yield "create_unique_constraint", None, details
    elif changed := changed_column(text):
        yield "alter_column", changed[0], _restated(text, *changed)
    elif found := ADD_COLUMN.match(text):
        yield "add_column", unquote(found[1]), _added(found[2])


def _foreign_key(evidence: Evidence, found: re.Match[str]) -> Details:
    full = re.search(r"\bMATCH FULL\b", found[5], re.IGNORECASE)
    return {
        "name": _name(found[1]),
        "columns": _listed(found[2]),
        "referent": known_name(evidence, found[3]),
        "remote_columns": _listed(found[4]),
        "match": "FULL" if full else None,
        "not_valid": "yes" if "NOT VALID" in found[5].upper() else None,
    }


def _restated(text: str, column: str, definition: str) -> Details:
    """What MODIFY and CHANGE make of a column: all of it is stated anew."""
    default, is_required = DEFAULT.search(definition), "NOT NULL" in definition.upper()
    renamed = re.match(rf"^CHANGE (?:COLUMN )?(?:IF EXISTS )?{NAME} {NAME}", text, re.IGNORECASE)
    new = unquote(renamed[2]) if renamed else column
    return {
        "type": type_text(definition),
        "nullable": "no" if is_required else "yes",
        "default": default[1] if default else None,
        "comment": "yes" if "COMMENT" in definition.upper() else None,
        "check": "yes" if inline(definition, "CHECK") else None,
        "new_name": new if new != column else None,
    }


def _added(definition: str) -> Details:
    """The column that ADD COLUMN makes."""
    is_required = re.search(r"\b(?:NOT NULL|PRIMARY KEY)\b", definition, re.IGNORECASE)
    return {
        "type": type_text(definition),
        "nullable": "no" if is_required else "yes",
        "default": "…" if FILLED.search(definition) else None,
        "computed": "yes" if COMPUTED.search(definition) else None,
    }


def _name(text: str | None) -> str | None:
    return unquote(text) if text else None


def _listed(text: str) -> str:
    return ", ".join(unquote(part.strip()) for part in parts(text))
