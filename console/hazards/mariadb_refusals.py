"""Rules about what MariaDB and MySQL refuse, with the statements before it done for good."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.clauses import DROP_COLUMN, Clause, added_columns, clauses, type_text
from console.hazards.copying import DIFFERS
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.renames import renamed_column
from console.hazards.spelling import NEXT, execute, literal, named_in, quoter, respelled, schema
from console.schema.catalogue import Table
from console.schema.flavour import MARIADB as MARIADB_FLAVOUR
from console.schema.sqltext import tokens, unquote

MARIADB = ("mysql",)
DROPS = re.compile(r"^DROP (?:INDEX|KEY|CONSTRAINT|CHECK) (?:IF EXISTS )?(\S+)", re.IGNORECASE)
PARTITIONED = re.compile(r"\bPARTITION BY (.*?)(?: ?\(PARTITION\b| PARTITIONS\b|$)", re.IGNORECASE)
DEFAULT = re.compile(r"\bDEFAULT ?(\(.*\)|\w+\(\))", re.IGNORECASE)


@rule(
    "needed-column-drop",
    "error",
    "A column that another column or its default is computed from, that the table is partitioned by, or of "
    "which an index of an expression or a CHECK of several columns is made cannot be dropped: the revision "
    "stops half-way, and what it did before stays.",
    instead="Drop what needs the column first, in a revision of its own.",
    databases=MARIADB,
)
def needed_column_drop(evidence: Evidence) -> Iterator[Finding]:
    """Dropped columns that something else of their table is made of."""
    for clause, dropped in _with_dropped(evidence):
        found, table = DROP_COLUMN.match(clause.text), evidence.table(clause.table)
        column = unquote(found[1]) if found else ""
        for kind, name in _needing(table, column) if found and table else ():
            if (clause.table, name) in dropped:
                continue
            yield Finding(
                clause.revision,
                f"{clause.table}.{column}",
                f"{column} of {clause.table} is needed by the {kind} {name}.",
                f"{_without(evidence, clause.table, kind, name)}\n{NEXT}\n"
                f"op.drop_column({named_in(clause.table)}, {literal(column)}{schema(clause.table)})",
            )


def _with_dropped(evidence: Evidence) -> Iterator[tuple[Clause, set[tuple[str, str]]]]:
    """Every clause of a plan, with (table, name) of what has been dropped by then."""
    dropped: set[tuple[str, str]] = set()
    for clause in clauses(evidence):
        gone = DROPS.match(clause.text) or DROP_COLUMN.match(clause.text)
        if gone:
            dropped.add((clause.table, unquote(gone[1])))
        yield clause, dropped


def _needing(table: Table, column: str) -> Iterator[tuple[str, str]]:
    """(kind, name) of what a column of a table cannot be dropped before."""
    names = {known.name for known in table.columns}
    for kind, name, definition in _made_of_columns(table):
        used = names & _words(definition)
        is_own = kind == "CHECK" and used == {column}  # which goes with the column
        if column in used and column != name and not is_own:
            yield kind, name


def _made_of_columns(table: Table) -> Iterator[tuple[str, str, str]]:
    """(kind, name, definition) of what is made of columns of its table by expressions."""
    for part in table.parts:
        if part.kind == "check":
            yield "CHECK", part.name, part.definition
        if part.kind in ("index", "unique") and "((" in part.definition:
            yield "index", part.name, part.definition
        if part.kind == "option" and (found := PARTITIONED.search(part.definition)):
            yield "partitioning", table.name, found[1]
    for known in table.columns:
        note = next((n for n in known.notes if n.startswith("generated always as")), "")
        yield "column", known.name, note
        if (known.default or "").startswith("("):
            yield "default of", known.name, known.default or ""


def _words(text: str) -> set[str]:
    return {word for kind, word in tokens(text) if kind in ("word", "name")}


def _without(evidence: Evidence, table: str, kind: str, name: str) -> str:
    """What drops it."""
    where, q = f"{named_in(table)}{schema(table)}", quoter(evidence)
    return {
        "CHECK": f'op.drop_constraint({literal(name)}, {where}, type_="check")',
        "index": f"op.drop_index({literal(name)}, {where})",
        "partitioning": execute(f"ALTER TABLE {q(table)} REMOVE PARTITIONING"),
        "default of": execute(f"ALTER TABLE {q(table)} ALTER COLUMN {q(name)} DROP DEFAULT"),
    }.get(kind, f"op.drop_column({named_in(table)}, {literal(name)}{schema(table)})")


@rule(
    "needed-column-rename",
    "error",
    "MySQL renames no column that a CHECK, a computed column, an expression of an index or of a default, or the "
    "partitioning is made of (errors 3959, 3108, 3837, 3766 and 3855): the revision stops there, and what it "
    "did before stays. MariaDB puts the new name into all of them.",
    instead="Drop what is made of the column, rename it, and make it again; each in a revision of its own.",
    databases=MARIADB,
)
def needed_column_rename(evidence: Evidence) -> Iterator[Finding]:
    """Renamed columns that something of their table is made of; on MariaDB none."""
    for clause, dropped in _with_dropped(evidence):
        if evidence.flavour is MARIADB_FLAVOUR:
            return
        found, table = renamed_column(clause.text), evidence.table(clause.table)
        if found is None or table is None:
            continue
        column, new = found
        for kind, name, definition in _made_of_columns(table):
            if column not in _words(definition) or (clause.table, name) in dropped:
                continue
            yield Finding(
                clause.revision,
                f"{clause.table}.{column}",
                f"{column} of {clause.table} is needed by the {kind} {name}.",
                f"{_without(evidence, clause.table, kind, name)}\n{NEXT}\n"
                f"{execute(respelled(evidence, clause.whole))}\n{NEXT}\n"
                f"# make the {kind} {name} again, of {new}",
            )


@rule(
    "unsafe-default",
    "error",
    "MySQL refuses to add a column whose default gives another value for each row (error 1674), since a "
    "replica would come to others.",
    instead="Add the column without it, set the default, and fill in the rows.",
    databases=MARIADB,
)
def unsafe_default(evidence: Evidence) -> Iterator[Finding]:
    """Columns added with such a default, unless it is MariaDB, which copies the table instead."""
    for clause, column, definition in added_columns(evidence):
        found = DEFAULT.search(definition)
        if found is None or not DIFFERS.search(found[1]) or evidence.flavour is MARIADB_FLAVOUR:
            continue
        q, table = quoter(evidence), clause.table
        yield Finding(
            clause.revision,
            f"{table}.{column}",
            f"MySQL refuses the default {found[1]} of the new column {column}.",
            "\n".join(
                [
                    execute(
                        f"ALTER TABLE {q(table)} ADD COLUMN {q(column)} {type_text(definition)}"
                    ),
                    NEXT,
                    execute(
                        f"ALTER TABLE {q(table)} ALTER COLUMN {q(column)} SET DEFAULT {found[1]}"
                    ),
                    NEXT,
                    "# in batches by the key where there are many rows",
                    execute(
                        f"UPDATE {q(table)} SET {q(column)} = {found[1]} WHERE {q(column)} IS NULL"
                    ),
                ]
            ),
        )
