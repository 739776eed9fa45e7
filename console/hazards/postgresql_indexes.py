"""Rules about indexes on PostgreSQL."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from console.hazards.clauses import known_name, sentences, sized
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import NEXT, autocommit, execute, named_in, schema
from console.hazards.words import NAME
from console.schema.probe import Question

POSTGRESQL = ("postgresql",)
CREATE = re.compile(
    rf"^CREATE (UNIQUE )?INDEX (CONCURRENTLY )?(?:IF NOT EXISTS )?(?:{NAME} )?ON (?:ONLY )?{NAME}",
    re.IGNORECASE,
)
DROP = re.compile(rf"^DROP INDEX (CONCURRENTLY )?(?:IF EXISTS )?{NAME}", re.IGNORECASE)
CONCURRENT = re.compile(
    rf"^(?:CREATE (?:UNIQUE )?INDEX|DROP INDEX|REINDEX(?: ?\(.*?\))? (?:INDEX|TABLE|SCHEMA|DATABASE)) "
    rf"CONCURRENTLY (?:IF (?:NOT )?EXISTS )?(?P<index>{NAME})"
    rf"|^ALTER TABLE .* DETACH PARTITION (?P<partition>{NAME}) CONCURRENTLY$",
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
        table, name = known_name(evidence, found[4], sentence.names), found[3] or "an index"
        if not evidence.was_there(table):
            continue
        yield sized(
            evidence,
            sentence.revision,
            table,
            f"{table}.{name}",
            f"Writes to {table} wait until {name} is built.",
            autocommit(execute(sentence.text.replace(" INDEX ", " INDEX CONCURRENTLY ", 1))),
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
        table = owner(evidence, name)
        if table is None:
            continue
        yield Finding(
            sentence.revision,
            f"{table}.{name}",
            f"Everybody who uses {table} waits while {name} is dropped.",
            autocommit(_dropped(name, table)),
        )


def _dropped(index: str, table: str) -> str:
    """What drops an index CONCURRENTLY."""
    return (
        f'op.drop_index("{index}", {named_in(table)}, postgresql_concurrently=True{schema(table)})'
    )


def owner(evidence: Evidence, index: str) -> str | None:
    """Return the table that an index belonged to before the plan; None for one that was not there."""
    kinds = ("index", "unique", "primary key")
    return next(
        (t.name for t in evidence.tables for p in t.parts if p.kind in kinds and p.name == index),
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
            found["index"] or found["partition"],
            f"{found[0]} fails in the transaction of its revision.",
            autocommit(execute(sentence.text)),
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
                    f"# this revision: as it is, without the block\n{NEXT}\n"
                    + "\n".join(ast.unparse(block) for block in blocks),
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
    """Invalid indexes of the tables that the plan changes, but for those that it drops. A clone that
    was dumped and restored has none of them, so that the database itself is asked too."""
    drops = [DROP.match(sentence.text) for sentence in sentences(evidence)]
    dropped = {found[2].rpartition(".")[2].strip('"') for found in drops if found}
    for name, revision in _changed(evidence).items():
        table = evidence.table(name)
        parts = [p for p in table.parts if p.kind == "index"] if table else []
        found = [part.name for part in parts if part.definition.endswith(" invalid")]
        for index in found:
            if index not in dropped:
                yield Finding(
                    revision,
                    f"{name}.{index}",
                    f"The index {index} of {name} is not valid.",
                    autocommit(_dropped(index, name)),
                )
        probes = evidence.probe(Question("invalid", name)) if not found else ()
        if any(probe.answer for probe in probes):
            yield Finding(
                revision,
                name,
                f"{probes[0].sentence}.",
                "# `manage.py doctor` names them, and drops them on request",
                evidence=probes,
            )


def _changed(evidence: Evidence) -> dict[str, str]:
    """The tables that were there and that the plan changes or indexes, with the revision that is the
    first to do so."""
    named = [(o.table or "", o.revision) for o in evidence.operations_on_tables()]
    for sentence in sentences(evidence):
        found = CREATE.match(sentence.text)
        if found:
            named.append((known_name(evidence, found[4], sentence.names), sentence.revision))
    return {name: revision for name, revision in reversed(named) if evidence.was_there(name)}
