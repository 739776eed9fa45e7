"""Rules about constraints on PostgreSQL: what reads the whole table under a lock."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from console.hazards.clauses import VALIDATE, Clause, added_columns, clauses, sized
from console.hazards.evidence import Evidence
from console.hazards.inline import inline
from console.hazards.registry import Finding, rule
from console.hazards.spelling import (
    NEXT,
    autocommit,
    execute,
    named_in,
    plain,
    quoter,
    remade,
    schema,
    suffixed,
    unquoted,
)
from console.hazards.words import NAME

POSTGRESQL = ("postgresql",)
FOREIGN_KEY = re.compile(
    rf"^ADD (?:CONSTRAINT {NAME} )?FOREIGN KEY \((.+?)\) REFERENCES {NAME}(.*)$", re.IGNORECASE
)
CHECK = re.compile(rf"^ADD (?:CONSTRAINT {NAME} )?CHECK ?(\(.*\))(.*)$", re.IGNORECASE)
UNIQUE = re.compile(
    rf"^ADD (?:CONSTRAINT {NAME} )?(UNIQUE|PRIMARY KEY)(?: NULLS (?:NOT )?DISTINCT)? ?\((.+?)\)",
    re.IGNORECASE,
)
COUNTED = re.compile(r"\bNULLS NOT DISTINCT\b", re.IGNORECASE)
NOT_VALID = re.compile(r" ?\bNOT VALID\b", re.IGNORECASE)
EXCLUDE = re.compile(rf"^ADD (?:CONSTRAINT {NAME} )?(EXCLUDE .+)$", re.IGNORECASE)


@rule(
    "foreign-key-valid",
    "error",
    "PostgreSQL holds every row of the table against the other one, and nobody can write to either "
    "in the meantime.",
    instead="Add the foreign key NOT VALID, and validate it in the next revision.",
    databases=POSTGRESQL,
)
def foreign_key_valid(evidence: Evidence) -> Iterator[Finding]:
    """Foreign keys that are added and checked in one go; for a new column without a default there is
    nothing to check."""
    for clause, column, definition in added_columns(evidence):
        beside, is_filled = inline(definition, "REFERENCES"), inline(definition, "DEFAULT")
        if beside and is_filled:
            name = beside.name or f"{plain(clause.table)}_{plain(column)}_fkey"
            key = f"FOREIGN KEY ({quoter(evidence)(column)}) {beside.text}"
            yield sized(
                evidence,
                clause.revision,
                clause.table,
                f"{clause.table}.{column}",
                f"All of {clause.table} is held against the other table while neither can be written to.",
                _added(evidence, clause, column, beside.rest)
                + _validated_later(evidence, clause.table, name, key),
            )
    for clause in clauses(evidence):
        found = FOREIGN_KEY.match(clause.text)
        if found is None or _is_for_later(evidence, clause, found[1], found[4]):
            continue
        table, columns, referent = clause.table, found[2], found[3]
        rest = NOT_VALID.sub("", found[4])
        name = found[1] or f"{plain(table)}_{columns.replace(', ', '_')}_fkey"
        yield sized(
            evidence,
            clause.revision,
            table,
            f"{table}.{unquoted(columns)}",
            f"All of {table} is held against {unquoted(referent)} while neither can be written to.",
            _validated_later(
                evidence, table, name, f"FOREIGN KEY ({columns}) REFERENCES {referent}{rest}"
            ),
        )


@rule(
    "check-valid",
    "error",
    "PostgreSQL holds every row against the condition while nobody else can even read the table.",
    instead="Add the CHECK NOT VALID, and validate it in the next revision.",
    databases=POSTGRESQL,
)
def check_valid(evidence: Evidence) -> Iterator[Finding]:
    """CHECKs that are added and checked in one go."""
    for clause, column, definition in added_columns(evidence):
        if beside := inline(definition, "CHECK"):
            name = beside.name or f"{plain(clause.table)}_{plain(column)}_check"
            yield sized(
                evidence,
                clause.revision,
                clause.table,
                f"{clause.table}.{unquoted(name)}",
                f"All of {clause.table} is held against {beside.text[6:]} under the lock.",
                _added(evidence, clause, column, beside.rest)
                + _validated_later(evidence, clause.table, name, beside.text),
            )
    for clause in clauses(evidence):
        found = CHECK.match(clause.text)
        if found is None or _is_for_later(evidence, clause, found[1], found[3]):
            continue
        table, name = clause.table, found[1] or f"{plain(clause.table)}_check"
        yield sized(
            evidence,
            clause.revision,
            table,
            f"{table}.{name}",
            f"All of {table} is held against {found[2]} under the lock.",
            _validated_later(
                evidence, table, name, f"CHECK {found[2]}{NOT_VALID.sub('', found[3])}"
            ),
        )


def _is_for_later(evidence: Evidence, clause: Clause, name: str | None, rest: str) -> bool:
    """Whether a constraint is added NOT VALID, and not validated by the same revision while its lock is
    still held."""
    if not NOT_VALID.search(rest):
        return False
    validated = (VALIDATE.match(c.text) for c in clauses(evidence) if c.revision == clause.revision)
    tree = evidence.trees.get(clause.revision)
    ends = "autocommit_block" in ast.dump(tree) if tree else False
    return ends or not any(found and found[1] == name for found in validated)


def _validated_later(evidence: Evidence, table: str, name: str, constraint: str) -> str:
    """A constraint that holds for new rows at once, and for the others after a look at them."""
    q = quoter(evidence)
    return "\n".join(
        [
            execute(f"ALTER TABLE {q(table)} ADD CONSTRAINT {q(name)} {constraint} NOT VALID"),
            NEXT,
            execute(f"ALTER TABLE {q(table)} VALIDATE CONSTRAINT {q(name)}"),
        ]
    )


@rule(
    "add-unique-constraint",
    "error",
    "PostgreSQL builds the index that the constraint needs while nobody else can even read the table.",
    instead="Build a unique index CONCURRENTLY, and make the constraint USING INDEX.",
    databases=POSTGRESQL,
)
def add_unique_constraint(evidence: Evidence) -> Iterator[Finding]:
    """Unique constraints and primary keys that build an index of their own."""
    for clause, column, definition in added_columns(evidence):
        beside = inline(definition, "UNIQUE") or inline(definition, "PRIMARY")
        if beside:
            table, kind = clause.table, beside.text
            name = beside.name or f"{plain(table)}_{plain(column)}_key"
            yield sized(
                evidence,
                clause.revision,
                table,
                f"{table}.{column}",
                f"An index on {column} of {table} is built under the lock.",
                _added(evidence, clause, column, beside.rest)
                + _indexed(evidence, table, name, [column], kind),
            )
    for clause in clauses(evidence):
        found = UNIQUE.match(clause.text)
        if found is None:
            continue
        table, columns = clause.table, found[3]
        kind = f"{found[2]} NULLS NOT DISTINCT" if COUNTED.search(clause.text) else found[2]
        name = found[1] or f"{plain(table)}_{columns.replace(', ', '_')}_key"
        yield sized(
            evidence,
            clause.revision,
            table,
            f"{table}.{unquoted(columns)}",
            f"An index on {unquoted(columns)} of {table} is built under the lock.",
            _indexed(evidence, table, name, [plain(c) for c in columns.split(", ")], kind),
        )


def _added(evidence: Evidence, clause: Clause, column: str, definition: str) -> str:
    """A column without the constraint that stood beside it, and what begins the next revision."""
    q = quoter(evidence)
    added = f"ALTER TABLE {q(clause.table)} ADD COLUMN {q(column)} {definition}"
    return f"{execute(added)}\n{NEXT}\n"


def _indexed(evidence: Evidence, table: str, name: str, columns: list[str], kind: str) -> str:
    """A unique index that nobody waits for, and the constraint that takes it over."""
    q, distinct = quoter(evidence), kind.upper().partition(" NULLS ")[2]
    how = "postgresql_concurrently=True"
    how += ", postgresql_nulls_not_distinct=True" if distinct.startswith("NOT") else ""
    index = f'op.create_index("{unquoted(name)}", {named_in(table)}, {columns!r}, unique=True, {how}{schema(table)})'
    word = "PRIMARY KEY" if kind.upper().startswith("PRIMARY") else "UNIQUE"
    taken = f"ALTER TABLE {q(table)} ADD CONSTRAINT {q(name)} {word} USING INDEX {q(name)}"
    return f"{autocommit(index)}\n{NEXT}\n{execute(taken)}"


@rule(
    "add-exclusion-constraint",
    "error",
    "PostgreSQL builds the index that the constraint needs, and holds every row against all others, "
    "while nobody else can even read the table; it knows no way to do that CONCURRENTLY or later.",
    instead="Make a new table that has the constraint, and move the rows into it in batches.",
    databases=POSTGRESQL,
)
def add_exclusion_constraint(evidence: Evidence) -> Iterator[Finding]:
    """EXCLUDE on tables that were there before."""
    for clause in clauses(evidence):
        found = EXCLUDE.match(clause.text)
        if found is None:
            continue
        q, table = quoter(evidence), clause.table
        name = found[1] or f"{plain(table)}_excl"
        made = f"(LIKE {q(table)} INCLUDING ALL, CONSTRAINT {q(name)} {found[2]})"
        yield sized(
            evidence,
            clause.revision,
            table,
            f"{table}.{name}",
            f"All rows of {table} are held against each other under the lock.",
            remade(evidence, table, f"CREATE TABLE {q(suffixed(table, '_new'))} {made}"),
        )
