"""Rules about names that mean something else after a plan than before it."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

from collections.abc import Iterator

from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import LATER, execute, expand, named_in, place, quoter, schema

FRESH = "…"  # a name that no code knows: which one, a person decides


def called(evidence: Evidence, table: str | None, column: str | None) -> str | None:
    """Return what a column is called after a plan that renames it; None where it does not."""
    names, former = evidence.renamed.columns, evidence.former(table)
    found = (new for (of, new), old in names.items() if (of, old) == (former, column))
    return next(found, None)


def reused_column(evidence: Evidence, table: str | None, name: str | None) -> str | None:
    """Return what the column that has a name after the plan was called before it, where the name was another
    column's then; None where it was not, and for a column that the plan itself made."""
    former, names = evidence.former(table) or "", evidence.renamed.columns
    other = names.get((former, name or ""))
    known = evidence.table(former)
    was_there = known is not None and any(c.name == name for c in known.columns)
    left = {(of, before) for (of, _), before in names.items()}
    if other is None or other == name or not evidence.had_column(former, other):
        return None
    return other if was_there or (former, name) in left else None


def reused_table(evidence: Evidence, name: str) -> str | None:
    """Return the same of a table."""
    names = evidence.renamed.tables
    other = names.get(name)
    known = {table.name for table in evidence.tables}
    return other if other != name and name in known | set(names.values()) else None


@rule(
    "reused-name",
    "error",
    "Code that is running while the migration is applied finds the name that it knows, reads what belonged to "
    "another one, and writes its own there: no error tells anybody, and nobody can take the values apart "
    "afterwards.",
    instead="Give the values a name that no code knows yet, copy them there, and drop the old one once all "
    "code has been deployed that uses the new name.",
)
def reused_name(evidence: Evidence) -> Iterator[Finding]:
    """Names of columns and tables that belong to another one after the plan, which was there as well."""
    q = quoter(evidence)
    for table, name in evidence.renamed.columns:
        if other := reused_column(evidence, table, name):
            yield Finding(
                _revision(evidence, "alter_column", name, table),
                f"{table}.{name}",
                f"{name} of {table} is afterwards what {other} is now: code that knows {name} reads and writes "
                f"the values of {other}.",
                expand(evidence, table, other, FRESH, evidence.type_before(table, other), q(other)),
            )
    for name in evidence.renamed.tables:
        if other := reused_table(evidence, name):
            yield Finding(
                _revision(evidence, "rename_table", place(name)[1]),
                name,
                f"{name} is afterwards what {other} is now: code that knows {name} reads and writes the rows of "
                f"{other}.",
                f'op.rename_table({named_in(other)}, "{FRESH}"{schema(other)})\n'
                f"{execute(f'CREATE VIEW {q(other)} AS SELECT * FROM {q(FRESH)}')}\n{LATER}\n"
                f"{execute(f'DROP VIEW {q(other)}')}",
            )


def _revision(evidence: Evidence, operation: str, name: str, table: str | None = None) -> str:
    """The last revision that gives a name, to a column of a table that was called so before the plan."""
    gives = [
        done.revision
        for done in evidence.operations(operation)
        if done.detail("new_name") == name and table in (None, evidence.former(done.table))
    ]
    return gives[-1] if gives else evidence.steps[-1].revision
