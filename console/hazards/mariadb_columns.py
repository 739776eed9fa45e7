"""Rules about columns on MariaDB and MySQL."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.charsets import charset_of
from console.hazards.clauses import (
    DROP_COLUMN,
    STATED,
    Clause,
    added_columns,
    changed_column,
    clauses,
    defined_columns,
    parts,
    sentences,
    type_in,
    type_text,
)
from console.hazards.copying import VARYING, is_crossed
from console.hazards.evidence import Evidence
from console.hazards.mariadb_checks import lost_checks
from console.hazards.registry import Finding, rule
from console.hazards.spelling import (
    BEHIND_A_DEFAULT,
    NEXT,
    changes,
    execute,
    existing,
    literal,
    named_in,
    plain,
    quoter,
    respelled,
    schema,
)
from console.hazards.types import sql_type
from console.hazards.words import NAME, number_of
from console.schema.probe import Question
from console.schema.sqltext import unquote
from console.schema.statement import Operation

MARIADB = ("mysql",)
RESTATING = ("type", "nullable", "new_name", "comment", "autoincrement")
FILLED = re.compile(r"\b(?:DEFAULT|AUTO_INCREMENT|AS|GENERATED|SERIAL)\b", re.IGNORECASE)
NOT_NULL = re.compile(r"\bNOT NULL\b", re.IGNORECASE)
DROP_KEY = re.compile(rf"^(?:DROP (?:INDEX|KEY|CONSTRAINT) (?:IF EXISTS )?){NAME}", re.IGNORECASE)
REFERENCES = re.compile(rf"\bREFERENCES {NAME}(?: ?\(([^(),]+)\))?", re.IGNORECASE)
COLUMNS = re.compile(r"^(?:unique )?\((.*)\)")
LENGTH = re.compile(r" ?\(\d+\)$| (?:ASC|DESC)$", re.IGNORECASE)
BYTES = {"latin1": 1, "ascii": 1, "utf8mb3": 3, "utf8": 3}


@rule(
    "implicit-default",
    "error",
    "The rows that exist silently get 0, an empty text or a date that there never was, and nobody can "
    "tell them later from values that somebody meant. Such dates MySQL refuses, as it is set by default.",
    instead="Add the column as nullable, fill it in, and make it required afterwards; or state the "
    "default.",
    databases=MARIADB,
)
def implicit_default(evidence: Evidence) -> Iterator[Finding]:
    """Required columns without a default, added to a table that has rows."""
    for clause, column, definition in added_columns(evidence):
        if not NOT_NULL.search(definition) or FILLED.search(definition):
            continue
        table, q = clause.table, quoter(evidence)
        rows = evidence.rows(table)
        if rows == 0:
            continue
        many = "The rows" if rows is None else f"All {number_of(rows, 'row')}"
        get = f"silently get a made-up value for the required {column}."
        if _is_refused(evidence, clause):
            get = f"would get a made-up value for the required {column}, which the server refuses."
        yield Finding(
            clause.revision,
            f"{table}.{column}",
            f"{many} of {table} {get}",
            f"{execute(f'ALTER TABLE {q(table)} ADD COLUMN {q(column)} {type_text(definition)}')}\n{NEXT}\n"
            f"{execute(f'UPDATE {q(table)} SET {q(column)} = … WHERE {q(column)} IS NULL')}\n{NEXT}\n"
            f"{execute(f'ALTER TABLE {q(table)} MODIFY {q(column)} {respelled(evidence, definition)}')}",
            evidence=evidence.probe(Question("rows", table)),
        )


def _is_refused(evidence: Evidence, clause: Clause) -> bool:
    """Whether it was this statement that failed in the rehearsal: MySQL makes up no dates."""
    *_, last = sentences(evidence)
    return evidence.failed_in(clause.revision) and last.text == clause.whole


@rule(
    "alter-missing-existing",
    "error",
    "MODIFY and CHANGE state the whole column anew: a default, a comment, NOT NULL, AUTO_INCREMENT, ON "
    "UPDATE or INVISIBLE that the operation does not repeat is gone afterwards; and on MariaDB a CHECK that "
    "stands beside the column, as that of JSON does, which MySQL keeps as one of the table.",
    instead="Pass existing_nullable, existing_server_default, existing_comment and "
    "existing_autoincrement; ON UPDATE and INVISIBLE can stand behind the default; a CHECK of the table, "
    "made before, stays.",
    databases=MARIADB,
)
def alter_missing_existing(evidence: Evidence) -> Iterator[Finding]:
    """Changes of a column that leave out what it had."""
    for operation in evidence.operations("alter_column"):
        keeps = operation.detail("restates") == "no"
        restates = not keeps and any(operation.detail(key) for key in RESTATING)
        missing = list(_missing(evidence, operation)) if restates else []
        if not missing:
            continue
        table, column = operation.table or "", operation.column
        lost = " and ".join(missing)
        arguments = ", ".join([changes(operation), *_restated(evidence, operation)])
        yield Finding(
            operation.revision,
            f"{table}.{column}",
            f"{column} of {table} loses {lost}, since the operation does not repeat it.",
            "\n".join(
                [
                    *_checks(evidence, operation),
                    f"op.alter_column({named_in(table)}, {literal(column or '')}, {arguments}{schema(table)})",
                ]
            ),
        )


def _checks(evidence: Evidence, operation: Operation) -> Iterator[str]:
    """What makes the CHECKs that a column loses those of its table."""
    table = operation.table or ""
    for condition in lost_checks(evidence, operation):
        yield "# a CHECK of the table stays, whatever becomes of the column"
        name = f"ck_{plain(table)}_{operation.column}"
        yield f"op.create_check_constraint({literal(name)}, {named_in(table)}, {condition!r}{schema(table)})"


def _restated(evidence: Evidence, operation: Operation) -> list[str]:
    """The arguments that repeat what the column has."""
    column = evidence.column(operation.table, operation.column)
    return existing(column, changes(operation)) if column else []


def _missing(evidence: Evidence, operation: Operation) -> Iterator[str]:
    """What a column has and an operation neither changes nor repeats, in words."""
    column = evidence.column(operation.table, operation.column)
    if column is None:
        return
    said = operation.detail
    notes = " ".join(column.notes)
    if (
        "auto_increment" in notes
        and not said("autoincrement")
        and not said("existing_autoincrement")
    ):
        yield "AUTO_INCREMENT"
    for condition in lost_checks(evidence, operation):
        yield f"its CHECK ({condition})"
    if column.primary_key:
        return
    # What Alembic has no argument for can only stand behind a default.
    defaults = f"{said('default')} {said('existing_default')}".lower()
    for words in filter(notes.__contains__, BEHIND_A_DEFAULT):
        if words not in defaults:
            yield words.upper()
    if not column.nullable and not said("nullable") and not said("existing_nullable"):
        yield "NOT NULL"
    if column.default is not None and not said("default") and not said("existing_default"):
        yield f"its default {column.default}"
    comment = next((note for note in column.notes if note.startswith("comment ")), None)
    if comment and not said("comment") and not said("existing_comment"):
        yield f"its {comment}"


@rule(
    "inline-references",
    "warning",
    "MySQL before version 9 reads REFERENCES beside a column, and forgets it: no foreign key is made, "
    "and nobody is told.",
    instead="State the foreign key as a constraint of the table.",
    databases=MARIADB,
)
def inline_references(evidence: Evidence) -> Iterator[Finding]:
    """REFERENCES beside a column that made no foreign key in the rehearsal; one that failed shows
    nothing of it."""
    if evidence.rehearsal is not None and not evidence.rehearsal.succeeded:
        return
    for revision, table, column, definition in defined_columns(evidence):
        found = REFERENCES.search(definition)
        is_constraint = column.upper() in ("CONSTRAINT", "FOREIGN")
        if found is None or is_constraint or _is_made(evidence, table, column):
            continue
        q, name, remote = quoter(evidence), f"fk_{table}_{column}", found[2] or "id"
        yield Finding(
            revision,
            f"{table}.{column}",
            f"{column} of {table} refers to {found[1]} in words only; it is no foreign key.",
            f"{execute(f'ALTER TABLE {q(table)} ADD COLUMN {q(column)} {type_text(definition)}')}\n{NEXT}\n"
            f"# both tables have to be InnoDB's\n"
            f'op.create_foreign_key("{name}", "{table}", "{found[1]}", ["{column}"], ["{remote}"])',
        )


def _is_made(evidence: Evidence, table: str, column: str) -> bool:
    """Whether the rehearsal made a foreign key of a column."""
    difference = evidence.rehearsal.difference.tables if evidence.rehearsal else ()
    return any(
        change.kind == "foreign key" and (change.after or "").startswith(f"({column})")
        for entry in difference
        if entry.name == table
        for change in entry.changes
    )


@rule(
    "varchar-boundary",
    "warning",
    "Up to 255 bytes a text's length takes one byte, beyond that two: a VARCHAR that crosses it makes "
    "the server copy the whole table instead of changing a number. MariaDB does so only where the column "
    "could hold more than 127 bytes before.",
    instead="Stay below it, or state ALGORITHM and LOCK so that the copy is no surprise.",
    databases=MARIADB,
)
def varchar_boundary(evidence: Evidence) -> Iterator[Finding]:
    """VARCHARs that become so long that their length takes another byte."""
    for clause in clauses(evidence):
        found = changed_column(clause.text)
        if found is None or STATED.search(clause.whole):
            continue
        table, (column, definition) = clause.table, found
        old, new = sql_type(evidence.type_before(table, column)), type_in(definition)
        if (
            not old
            or not new
            or old.name != new.name
            or new.name not in VARYING
            or not old.size
            or not new.size
        ):
            continue
        size = 1 if new.name == "VARBINARY" else _character(evidence, table, column)
        if not is_crossed(old.size * size, new.size * size, evidence.flavour):
            continue
        yield Finding(
            clause.revision,
            f"{table}.{column}",
            f"{column} of {table} goes from {old.size * size} to {new.size * size} bytes at most: "
            "the table is copied.",
            "# in a quiet hour: writers wait until the copy is made\n"
            + execute(f"{respelled(evidence, clause.whole)}, ALGORITHM=COPY, LOCK=SHARED"),
        )


def _character(evidence: Evidence, table: str, column: str) -> int:
    """How many bytes a character of a column may take: in its own character set, else in its table's."""
    return BYTES.get(charset_of(evidence, table, column) or "", 4)


@rule(
    "unique-column-drop",
    "error",
    "MariaDB refuses to drop a column that a UNIQUE of several columns needs, half-way through the "
    "revision; MySQL takes it out of the UNIQUE, and refuses if what is left of that has duplicates.",
    instead="Drop the UNIQUE first, in a revision of its own.",
    databases=MARIADB,
)
def unique_column_drop(evidence: Evidence) -> Iterator[Finding]:
    """Dropped columns that stand in a UNIQUE with others."""
    dropped_keys: set[tuple[str, str]] = set()
    for clause in clauses(evidence):
        key = DROP_KEY.match(clause.text)
        if key:
            dropped_keys.add((clause.table, key[1]))
        found = DROP_COLUMN.match(clause.text)
        column = unquote(found[1]) if found else ""
        table = evidence.table(clause.table)
        for part in table.parts if found and table else ():
            columns = COLUMNS.search(part.definition)
            names = [_bare(each) for each in parts(columns[1])] if columns else []
            is_unique = part.kind == "unique" or part.definition.startswith("unique ")
            if not found or not is_unique or len(names) < 2 or column not in names:
                continue
            if (clause.table, part.name) not in dropped_keys:
                yield Finding(
                    clause.revision,
                    f"{clause.table}.{column}",
                    f"{column} of {clause.table} stands in the UNIQUE {part.name} "
                    f"({', '.join(names)}).",
                    f'op.drop_constraint("{part.name}", {named_in(clause.table)}, type_="unique"{schema(clause.table)})\n'
                    f"# in the next revision:\n"
                    f"op.drop_column({named_in(clause.table)}, {literal(column)}{schema(clause.table)})",
                )


def _bare(column: str) -> str:
    """A column of an index without its length and its order."""
    return LENGTH.sub("", column.strip(" `")).strip('"` ')
