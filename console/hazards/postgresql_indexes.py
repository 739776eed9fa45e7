"""Rules about indexes on PostgreSQL."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from console.hazards.clauses import NAME, known_name, sentences, sized
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule

POSTGRESQL = ("postgresql",)
CREATE = re.compile(
    rf"^CREATE (UNIQUE )?INDEX (CONCURRENTLY )?(?:IF NOT EXISTS )?(?:{NAME} )?ON (?:ONLY )?{NAME}",
    re.IGNORECASE,
)
DROP = re.compile(rf"^DROP INDEX (CONCURRENTLY )?(?:IF EXISTS )?{NAME}", re.IGNORECASE)
CONCURRENT = re.compile(
    rf"^(?:CREATE (?:UNIQUE )?INDEX|DROP INDEX|REINDEX(?: ?\(.*?\))? (?:INDEX|TABLE|SCHEMA|DATABASE)) "
    rf"CONCURRENTLY (?:IF (?:NOT )?EXISTS )?{NAME}",
    re.IGNORECASE,
)


@rule(
    "index-not-concurrent",
    "error",
    "Nobody can write to the table while the index is built.",
    instead="Build it CONCURRENTLY, inside an autocommit_block().",
    databases=POSTGRESQL,
)
def index_not_concurrent(evidence: Evidence) -> Iterator[Finding]:
    """Indexes built in a transaction on tables that were there."""
    for sentence in sentences(evidence):
        found = CREATE.match(sentence.text)
        if found is None or found[2]:
            continue
        table, name = known_name(evidence, found[4]), found[3] or "an index"
        if not evidence.was_there(table):
            continue
        yield sized(
            evidence,
            sentence.revision,
            table,
            f"{table}.{name}",
            f"Writes to {table} wait until {name} is built.",
            "with op.get_context().autocommit_block():\n"
            f'    op.create_index("{name}", "{table}", …, postgresql_concurrently=True, '
            "if_not_exists=True)",
        )


@rule(
    "drop-index-not-concurrent",
    "warning",
    "DROP INDEX waits for everybody who reads the table, and everybody who comes later waits for it.",
    instead="Drop it CONCURRENTLY, inside an autocommit_block().",
    databases=POSTGRESQL,
)
def drop_index_not_concurrent(evidence: Evidence) -> Iterator[Finding]:
    """Indexes of tables that were there, dropped in a transaction."""
    for sentence in sentences(evidence):
        found = DROP.match(sentence.text)
        if found is None or found[1]:
            continue
        name = found[2].rpartition(".")[2].strip('"')
        table = _owner(evidence, name)
        if table is None:
            continue
        yield Finding(
            sentence.revision,
            f"{table}.{name}",
            f"Everybody who uses {table} waits while {name} is dropped.",
            "with op.get_context().autocommit_block():\n"
            f'    op.drop_index("{name}", "{table}", postgresql_concurrently=True)',
        )


def _owner(evidence: Evidence, index: str) -> str | None:
    """The table that an index belonged to before the plan."""
    return next(
        (t.name for t in evidence.tables for p in t.parts if p.kind == "index" and p.name == index),
        None,
    )


@rule(
    "concurrently-in-transaction",
    "error",
    "PostgreSQL refuses CONCURRENTLY inside a transaction, in which Alembic runs every revision.",
    instead="Put it into an autocommit_block(), in a revision of its own.",
    databases=POSTGRESQL,
)
def concurrently_in_transaction(evidence: Evidence) -> Iterator[Finding]:
    """CONCURRENTLY in a revision that never leaves its transaction."""
    for sentence in sentences(evidence):
        found = CONCURRENT.match(sentence.text)
        tree = evidence.trees.get(sentence.revision)
        if found is None or (tree is not None and _blocks(tree)):
            continue
        yield Finding(
            sentence.revision,
            found[1],
            f"{sentence.text.partition(' CONCURRENTLY')[0]} CONCURRENTLY {found[1]} fails in the "
            "transaction of its revision.",
            "with op.get_context().autocommit_block():\n    op.create_index(…, "
            "postgresql_concurrently=True, if_not_exists=True)",
        )


@rule(
    "autocommit-splits-transaction",
    "warning",
    "An autocommit_block() commits what the revision did before it: if a later line fails, half of "
    "the revision is done and none of it stamped.",
    instead="Give what needs the autocommit_block() a revision of its own.",
    databases=POSTGRESQL,
)
def autocommit_splits_transaction(evidence: Evidence) -> Iterator[Finding]:
    """Functions that do something both inside and outside of an autocommit_block()."""
    for step in evidence.steps:
        tree = evidence.trees.get(step.revision)
        wanted = "upgrade" if step.direction == "up" else "downgrade"
        for node in tree.body if tree else ():
            if not isinstance(node, ast.FunctionDef) or node.name != wanted:
                continue
            blocks = _blocks(node)
            inside = {id(n) for block in blocks for n in ast.walk(block)}
            outside = [n for n in ast.walk(node) if _operates(n) and id(n) not in inside]
            if blocks and outside:
                yield Finding(
                    step.revision,
                    f"line {blocks[0].lineno}",
                    f"The autocommit_block() in line {blocks[0].lineno} commits, and "
                    f"{len(outside)} other operation{'' if len(outside) == 1 else 's'} of the "
                    "revision do not belong to it.",
                    "# two revisions: this one as it is without the block, the next one:\n"
                    "with op.get_context().autocommit_block():\n    …",
                )


def _blocks(tree: ast.AST) -> list[ast.With]:
    """The `with` statements of a tree that open an autocommit_block()."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.With)
        and any(
            isinstance(inner, ast.Attribute) and inner.attr == "autocommit_block"
            for item in node.items
            for inner in ast.walk(item.context_expr)
        )
    ]


def _operates(node: ast.AST) -> bool:
    """Whether a node calls one of Alembic's operations."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    owner = node.func.value
    is_op = isinstance(owner, ast.Name) and owner.id == "op"
    return is_op and node.func.attr not in ("get_context", "get_bind", "f")


@rule(
    "invalid-index-present",
    "error",
    "A concurrent build that failed left an index that is kept up to date and never used; making it "
    "again under its name fails, and IF NOT EXISTS takes it for a good one.",
    instead="Drop it CONCURRENTLY, and build it again.",
    databases=POSTGRESQL,
)
def invalid_index_present(evidence: Evidence) -> Iterator[Finding]:
    """Invalid indexes of the tables that the plan changes."""
    changed = {operation.table for operation in evidence.operations_on_tables()}
    for table in evidence.tables:
        for part in table.parts:
            if part.kind != "index" or not part.definition.endswith(" invalid"):
                continue
            if table.name in changed:
                yield Finding(
                    evidence.steps[0].revision,
                    f"{table.name}.{part.name}",
                    f"The index {part.name} of {table.name} is not valid.",
                    "with op.get_context().autocommit_block():\n"
                    f'    op.drop_index("{part.name}", "{table.name}", postgresql_concurrently=True)',
                )
