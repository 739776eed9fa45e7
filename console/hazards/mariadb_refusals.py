"""Rules about what MariaDB and MySQL refuse, with the statements before it done for good."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.clauses import DROP_COLUMN, added_columns, clauses, type_text
from console.hazards.copying import DIFFERS
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import NEXT, execute, named_in, quoter, schema
from console.schema.catalogue import Table
from console.schema.flavour import MARIADB as MARIADB_FLAVOUR
from console.schema.sqltext import tokens

MARIADB = ("mysql",)
DROPS = re.compile(r"^DROP (?:INDEX|KEY|CONSTRAINT|CHECK) (?:IF EXISTS )?(\S+)", re.IGNORECASE)
DEFAULT = re.compile(r"\bDEFAULT ?(\(.*\)|\w+\(\))", re.IGNORECASE)


@rule(
    "needed-column-drop",
    "error",
    "A column that another column is computed from, an index of an expression or a CHECK of several "
    "columns cannot be dropped: the revision stops half-way, and what it did before stays.",
    instead="Drop what needs the column first, in a revision of its own.",
    databases=MARIADB,
)
def needed_column_drop(evidence: Evidence) -> Iterator[Finding]:
    """Dropped columns that something else of their table is made of."""
    dropped: set[tuple[str, str]] = set()
    for clause in clauses(evidence):
        if gone := DROPS.match(clause.text):
            dropped.add((clause.table, gone[1].strip('"')))
        found, table = DROP_COLUMN.match(clause.text), evidence.table(clause.table)
        column = found[1].strip('"') if found else ""
        if found:
            dropped.add((clause.table, column))
        for kind, name in _needing(table, column) if found and table else ():
            if (clause.table, name) in dropped:
                continue
            yield Finding(
                clause.revision,
                f"{clause.table}.{column}",
                f"{column} of {clause.table} is needed by the {kind} {name}.",
                f"{_without(clause.table, kind, name)}\n{NEXT}\n"
                f'op.drop_column({named_in(clause.table)}, "{column}"{schema(clause.table)})',
            )


def _needing(table: Table, column: str) -> Iterator[tuple[str, str]]:
    """(kind, name) of what a column of a table cannot be dropped before."""
    names = {known.name for known in table.columns}
    for part in table.parts:
        used = names & {text for kind, text in tokens(part.definition) if kind in ("word", "name")}
        is_check = part.kind == "check" and len(used) > 1
        is_expression = part.kind in ("index", "unique") and "((" in part.definition
        if column in used and (is_check or is_expression):
            yield ("CHECK" if is_check else "index", part.name)
    for known in table.columns:
        note = next((n for n in known.notes if n.startswith("generated always as")), "")
        if known.name != column and column in {text for _, text in tokens(note)}:
            yield "column", known.name


def _without(table: str, kind: str, name: str) -> str:
    """What drops it."""
    where = f"{named_in(table)}{schema(table)}"
    if kind == "CHECK":
        return f'op.drop_constraint("{name}", {where}, type_="check")'
    if kind == "index":
        return f'op.drop_index("{name}", {where})'
    return f'op.drop_column({named_in(table)}, "{name}"{schema(table)})'


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
