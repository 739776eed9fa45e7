"""revisions: writing them from the models, their SQL, and the scripts that a database has not had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from console.schema import autogenerate
from console.schema.autogenerate import Generated
from console.schema.errors import MultipleHeads
from console.schema.history import read_history
from console.schema.revision import Direction, Revision
from console.schema.standing import read_standing
from console.schema.statement import Statement, compile_statements
from console.schema.target import Target


def missing_operations(target: Target) -> tuple[str, ...]:
    """In words, what the models have and the database has not; raises as `draft_revision` does."""
    return autogenerate.check(target)


def draft_revision(
    target: Target, *, message: str, empty: bool = False, head: str | None = None
) -> Generated:
    """Write the revision that the models need, or an empty one; see schema.autogenerate.generate."""
    return autogenerate.generate(target, message=message, empty=empty, head=head)


def sql_of(
    target: Target, name: str, *, backwards: bool = False, offline: bool = False
) -> tuple[Revision, tuple[Statement, ...]]:
    """A revision and its SQL, captured on an empty database, or, with `offline`, written without any;
    "head" is the only head.

    UnknownRevision, AmbiguousRevision, MultipleHeads, and what `compile_statements` raises.
    """
    history = read_history(target)
    if name == "head" and len(history.heads) > 1:
        raise MultipleHeads(history.heads)
    found = history.find(history.heads[0] if name == "head" and history.heads else name)
    direction: Direction = "down" if backwards else "up"
    return found, compile_statements(target, found.id, direction, offline=offline)


def pending_scripts(targets: Mapping[str, Target]) -> Iterator[tuple[str, Revision, str]]:
    """(target, revision, script) of everything pending, oldest first in each target. SchemaError,
    OSError and SQLAlchemy's errors pass through."""
    for name, target in targets.items():
        history = read_history(target)
        for revision_id in read_standing(target, history).pending:
            revision = history.find(revision_id)
            yield name, revision, history.source(revision)
