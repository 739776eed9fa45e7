"""Rules about whole tables."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

from collections.abc import Iterator

from console.hazards import gone
from console.hazards.before import bare as bare_name
from console.hazards.clauses import known_name, named
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.reuse import reused_table
from console.hazards.spelling import (
    LATER,
    execute,
    named_in,
    of,
    place,
    quoter,
    schema,
    suffixed,
)
from console.hazards.words import (
    CONSOLE_INDEX,
    CONSOLE_TABLE,
    CREATE_VIEW,
    DROP_TABLE,
    TRUNCATE,
    bare,
    rows_of,
)
from console.schema.own import is_own
from console.schema.probe import Probe, Question


@rule(
    "drop-table",
    "error",
    "A dropped table cannot be brought back by a downgrade, which makes it anew and empty; code that "
    "still runs fails at its next query.",
    instead="Rename the table first, and drop it in a later revision, once nobody has missed it.",
)
def drop_table(evidence: Evidence) -> Iterator[Finding]:
    """Tables that are gone after the plan and were there before it."""
    for revision, table in _dropped(evidence):
        rows = evidence.rows(table)
        entry = evidence.entry(table)
        is_back = entry and entry.rows_after is not None and evidence.former(table) in (table, None)
        if not evidence.was_there(table) or is_back or (entry and entry.renamed_to):
            continue  # made in this plan, or made again, or its content lives on elsewhere
        lost = "its rows are lost" if rows is None else f"{rows_of(rows)} lost"
        lost = "it is empty" if rows == 0 else lost
        yield Finding(
            revision,
            table,
            f"The table {table} is dropped: {lost}.",
            f"op.rename_table({named_in(table)}, {named_in(suffixed(table, '_retired'))}{schema(table)})\n{LATER}\n"
            f"op.drop_table({of(suffixed(table, '_retired'))})",
            severity="warning" if rows == 0 else None,
            evidence=(*evidence.probe(Question("rows", table)), *_inbound(evidence, table)),
        )


def _inbound(evidence: Evidence, table: str) -> tuple[Probe, ...]:
    """How many foreign keys of other tables point to a table, where some do."""
    return tuple(probe for probe in evidence.probe(Question("inbound", table)) if probe.answer)


def _dropped(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """(revision, table) of every drop, once."""
    seen = set()
    for statement in evidence.statements():
        found = DROP_TABLE.match(bare(statement.sql))
        for table in named(evidence, found[1], statement.names) if found else ():
            if (statement.revision, table) not in evidence.rebuilt:
                seen.add((statement.revision, table))
    for operation in evidence.operations("drop_table"):
        seen.add((operation.revision, operation.table or ""))
    told = {bare_name(table) for _, table in seen}
    told |= {bare_name(o.table or "") for o in evidence.operations("rename_table")}
    lost = (table for table in gone.tables(evidence) if bare_name(table) not in told)
    seen |= {(gone.revision_of(evidence, table), table) for table in lost}
    yield from sorted(seen)


@rule(
    "rename-table",
    "error",
    "Code that is running while the migration is applied knows the old name only, and fails until it "
    "is deployed anew.",
    instead="Leave a view under the old name until all code uses the new one.",
)
def rename_table(evidence: Evidence) -> Iterator[Finding]:
    """Renames of tables that were there before the plan."""
    for operation in evidence.operations("rename_table"):
        old, new = operation.table or "", operation.detail("new_name") or ""
        q, has_view = quoter(evidence), _leaves_view(evidence, operation.revision, old)
        is_read_only = evidence.database == "sqlite"
        is_first = evidence.former(old) == old  # nobody else knows a name of the plan's own
        if not evidence.was_there(old) or not is_first or (has_view and not is_read_only):
            continue
        if reused_table(evidence, old):  # which is more than this danger
            continue
        yield Finding(
            operation.revision,
            old,
            f"The table {old} ({rows_of(evidence.rows(old))}) is called {new} afterwards"
            f"{'; the view under its old name cannot be written to' if has_view else ''}.",
            f"op.rename_table({named_in(old)}, {named_in(new)}{schema(old)})\n"
            f"{execute(f'CREATE VIEW {q(old)} AS SELECT * FROM {q(_beside(old, new))}')}\n{LATER}\n"
            f"{execute(f'DROP VIEW {q(old)}')}",
            severity="warning" if has_view or new == f"{old}_retired" else None,
        )


def _beside(table: str, name: str) -> str:
    """A name in the schema of a table."""
    schema_name = place(table)[0]
    return f"{schema_name}.{name}" if schema_name else name


def _leaves_view(evidence: Evidence, revision: str, name: str) -> bool:
    """Whether a revision makes a view of that name."""
    texts = [bare(s.sql) for s in evidence.statements() if s.revision == revision]
    made = [found[1] for text in texts if (found := CREATE_VIEW.match(text))]
    return name in [known_name(evidence, view) for view in made]


@rule(
    "truncate",
    "error",
    "TRUNCATE empties a table at once, past triggers, and a downgrade cannot bring the rows back.",
    instead="Keep a copy, and delete only the rows that have to go.",
    databases=("postgresql", "mysql"),
)
def truncate(evidence: Evidence) -> Iterator[Finding]:
    """TRUNCATE of a table that was there before the plan."""
    for statement in evidence.statements():
        found = TRUNCATE.match(bare(statement.sql))
        q = quoter(evidence)
        for table in named(evidence, found[1], statement.names) if found else ():
            copy = suffixed(table, "_backup")
            if not evidence.was_there(table) or evidence.rows(table) == 0:
                continue
            yield Finding(
                statement.revision,
                table,
                f"Every row of {table} is removed: {rows_of(evidence.rows(table))}.",
                f"{execute(f'CREATE TABLE {q(copy)} AS SELECT * FROM {q(table)}')}\n"
                f"# in the next revision, only the rows that have to go:\n"
                f"{execute(f'DELETE FROM {q(table)} WHERE …')}",
            )


@rule(
    "drops-console-tables",
    "error",
    "Accounts, reviews and the audit record live in the console's own tables; a migration of the "
    "application has no business with them, and could lock everybody out.",
    instead="Leave names that begin with console_ out of autogenerate, in env.py.",
)
def drops_console_tables(evidence: Evidence) -> Iterator[Finding]:
    """Anything that names a table of the console."""
    seen = set()
    for operation in evidence.operations(
        "drop_table", "rename_table", "drop_column", "alter_column", "add_column"
    ):
        if is_own(operation.table or ""):
            seen.add((operation.revision, operation.table or ""))
    for statement in evidence.statements():
        text = bare(statement.sql)
        if not text.upper().startswith("SELECT"):
            names = CONSOLE_TABLE.findall(text) + CONSOLE_INDEX.findall(text)
            seen.update((statement.revision, name) for name in names if is_own(name))
    for revision, table in sorted(seen):
        yield Finding(
            revision,
            table,
            f"The migration touches {table}, which belongs to the console itself.",
            "# leave the console's tables out, in env.py:\n"
            "from console.schema.own import is_own\n\n"
            "def include_name(name, kind, parent):\n"
            '    return not (kind == "table" and name and is_own(name))',
        )
