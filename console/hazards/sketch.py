"""sketch: what a plan would do as far as its files say: the stand-in for a rehearsal."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from console.hazards.core import MARK
from console.hazards.names import quoted
from console.hazards.reading import Read, definition, read_operations
from console.hazards.words import NAME
from console.schema.catalogue import Catalogue
from console.schema.history import History
from console.schema.parsing import parse
from console.schema.plan import Plan
from console.schema.sqltext import normal, unquote
from console.schema.statement import Operation, Statement
from console.schema.target import Target

# One that is made only where there is none may have been there.
MADE = re.compile(
    rf"^CREATE (?:\w+ )*?(?:TABLE|MATERIALIZED VIEW) (?!IF NOT EXISTS\b){NAME}", re.IGNORECASE
)


@dataclass(frozen=True)
class Sketch:
    """The operations of the files with the lines they stand in, the SQL that these would send, and
    the schema that the database has now (None where it was not asked)."""

    reads: tuple[Read, ...] = ()
    statements: tuple[Statement, ...] = ()
    before: Catalogue | None = None

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations in order."""
        return tuple(read.operation for read in self.reads)

    def made(self) -> frozenset[str]:
        """The tables that the plan itself makes, by the names that it gives them too."""
        found = {o.table or "" for o in self.operations if o.name == "create_table"}
        sent = (MADE.match(normal(statement.sql)) for statement in self.statements)
        found |= {unquote(made[1]) for made in sent if made}
        for operation in self.operations:
            if operation.name == "rename_table" and operation.table in found:
                found.add(operation.detail("new_name") or "")
        return frozenset(found)


def sketch(target: Target, plan: Plan, history: History, before: Catalogue | None = None) -> Sketch:
    """Return what the files of a plan say that they do; what cannot be read is left out."""
    dialect = target.parsed_url.get_dialect()()
    engine = target.host.only if target.host else None
    reads: list[Read] = []
    for step in plan.steps:
        tree = tree_of(history, step.revision)
        function = "upgrade" if step.direction == "up" else "downgrade"
        found = read_operations(tree, step.revision, function, dialect, engine) if tree else ()
        reads.extend(found)
    sent = [
        Statement(read.operation.revision, sql, 0.0, int(read.operation.detail("rows") or -1))
        for read in reads
        for sql in spelled(read.operation, dialect.name)
    ]
    return Sketch(tuple(reads), tuple(sent), before)


def tree_of(history: History, revision: str) -> ast.Module | None:
    """Return the syntax tree of a revision's file; None where it cannot be read."""
    known = history.by_id.get(revision)
    try:
        return parse(history.source(known)) if known else None
    except (OSError, SyntaxError):
        return None


def spelled(operation: Operation, dialect: str) -> Iterator[str]:
    """The SQL that an operation comes to, as far as rules look at it."""
    said, table, column = operation.detail, quoted(operation.table), quoted(operation.column)
    if dialect == "sqlite" and said("batch"):
        return  # batch mode makes the table anew by statements of its own
    if operation.name == "execute" and said("sql"):
        yield said("sql") or ""
    elif operation.name == "bulk_insert":
        yield f"INSERT INTO {operation.table or MARK} VALUES …"  # noqa: S608 - text to look at
    elif operation.name == "create_table":
        yield f"CREATE TABLE {table} ({said('columns') or ''})"
    elif operation.name == "rename_table":
        yield f"ALTER TABLE {table} RENAME TO {quoted(said('new_name'))}"
    elif operation.name == "drop_table":
        yield f"DROP TABLE {table}"
    elif operation.name == "add_column":
        yield f"ALTER TABLE {table} ADD COLUMN {definition(operation.column or MARK, dict(operation.details))}"
        if dialect != "sqlite":  # which takes no constraint beside a new column
            yield from _beside(operation)
        if said("index") == "yes":
            name = quoted(f"ix_{operation.table}_{operation.column}")
            yield f"CREATE {_if(said('unique'), 'UNIQUE ')}INDEX {name} ON {table} ({column})"
    elif operation.name == "drop_column":
        yield f"ALTER TABLE {table} DROP COLUMN {column}"
    elif operation.name == "alter_column":
        yield from _altered(operation, dialect)
    elif operation.name == "create_index":
        unique, how = _if(said("unique"), "UNIQUE "), _if(said("concurrently"), "CONCURRENTLY ")
        yield f"CREATE {unique}INDEX {how}{quoted(said('name'))} ON {table} ({_listed(said('columns'))})"
    elif operation.name == "drop_index":
        yield f"DROP INDEX {_if(said('concurrently'), 'CONCURRENTLY ')}{quoted(said('name'))}"
    elif text := _constraint(operation):
        name = f"CONSTRAINT {quoted(said('name'))} " if said("name") else ""
        yield f"ALTER TABLE {table} ADD {name}{text}{_if(said('not_valid'), ' NOT VALID')}"


def _beside(operation: Operation) -> Iterator[str]:
    """The constraints that a new column brings, which Alembic adds behind it."""
    said, alter = operation.detail, f"ALTER TABLE {quoted(operation.table)} ADD"
    column = quoted(operation.column)
    if said("unique") == "yes" and said("index") != "yes":
        yield f"{alter} UNIQUE ({column})"
    if referent := said("references"):
        table, _, remote = referent.rpartition(".")
        yield f"{alter} FOREIGN KEY ({column}) REFERENCES {table or '…'} ({quoted(remote)})"


def _altered(operation: Operation, dialect: str) -> Iterator[str]:
    said, column = operation.detail, quoted(operation.column)
    alter, name = f"ALTER TABLE {quoted(operation.table)}", said("new_name")
    new = quoted(name) if name else None
    if dialect in ("mysql", "mariadb"):
        kind = said("type") or said("existing_type")
        if kind and (said("type") or said("nullable") or new):
            required = "no" in (said("nullable"), said("existing_nullable"))
            verb = f"CHANGE {column} {new}" if new else f"MODIFY {column}"
            yield f"{alter} {verb} {kind}{_if('yes' if required else None, ' NOT NULL')}"
            return
    elif said("type"):
        yield f"{alter} ALTER COLUMN {column} TYPE {said('type')}"
    if said("nullable") == "no" and dialect not in ("mysql", "mariadb"):
        yield f"{alter} ALTER COLUMN {column} SET NOT NULL"
    if new:
        yield f"{alter} RENAME COLUMN {column} TO {new}"


def _constraint(operation: Operation) -> str | None:
    said = operation.detail
    columns = _listed(said("columns"))
    return {
        "create_unique_constraint": f"UNIQUE ({columns})",
        "create_primary_key": f"PRIMARY KEY ({columns})",
        "create_check_constraint": f"CHECK ({said('condition') or '…'})",
        "create_foreign_key": f"FOREIGN KEY ({columns}) REFERENCES {quoted(said('referent'))} "
        f"({_listed(said('remote_columns'))})",
    }.get(operation.name)


def _listed(columns: str | None) -> str:
    """Columns and expressions as a list in SQL."""
    names = (columns or MARK).split(", ")
    return ", ".join(name if "(" in name else quoted(name) for name in names)


def _if(flag: str | None, text: str) -> str:
    return text if flag == "yes" else ""
