"""Rules about the indexes that foreign keys need."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import NEXT, autocommit, named_in, plain, schema

LISTED = re.compile(r"^(?:unique )?\(([^()]*)\)")
REFERENCES = re.compile(r"^\(([^()]*)\) references (\S+)")


@rule(
    "foreign-key-without-index",
    "warning",
    "Whenever a row of the parent is deleted, or its key changed, the database looks for its children: "
    "without an index that begins with the foreign key it reads the whole table.",
    instead="Make an index on the columns of the foreign key.",
    databases=("sqlite", "postgresql"),  # MariaDB and MySQL make one by themselves
)
def foreign_key_without_index(evidence: Evidence) -> Iterator[Finding]:
    """New foreign keys whose columns do not begin any index after the plan."""
    if evidence.rehearsal is None or evidence.plan.direction == "down":
        return
    for difference in evidence.rehearsal.difference.tables:
        if any(
            o.detail("new_name") == difference.name for o in evidence.operations("rename_table")
        ):
            continue  # its keys were there before
        known = evidence.table(difference.name)
        before = {p.definition for p in known.parts if p.kind == "foreign key"} if known else set()
        had = {tuple(_columns(definition)) for definition in before}
        for change in difference.changes:
            found = REFERENCES.match(change.after or "") if change.kind == "foreign key" else None
            if found is None or tuple(_columns(change.after or "")) in had:
                continue
            columns = _columns(change.after or "")
            if any(
                index[: len(columns)] == columns for index in indexes(evidence, difference.name)
            ):
                continue
            named, table = ", ".join(columns), difference.name
            yield Finding(
                _revision(evidence, table),
                f"{table}.{named}",
                f"{table} points to {found[2]} by {named}, and no index begins with it.",
                _rewrite(evidence, table, columns),
            )


def _rewrite(evidence: Evidence, table: str, columns: list[str]) -> str:
    """What makes the index: CONCURRENTLY where PostgreSQL has the table already."""
    name = f"ix_{plain(table)}_{'_'.join(columns)}"
    made = f'op.create_index("{name}", {named_in(table)}, {columns!r}{schema(table)}'
    if evidence.database == "postgresql" and evidence.was_there(table):
        return f"{NEXT}\n{autocommit(f'{made}, postgresql_concurrently=True)')}"
    return f"{made})"


def indexes(evidence: Evidence, name: str) -> list[list[str]]:
    """The columns of every index of a table after the plan, keys and uniques among them."""
    assert evidence.rehearsal is not None
    table = evidence.table(name)
    change = next((t for t in evidence.rehearsal.difference.tables if t.name == name), None)
    gone = {c.before for c in change.changes if c.before != c.after} if change else set()
    kinds = ("index", "unique", "primary key")
    texts = [
        part.definition
        for part in (table.parts if table else ())
        if part.kind in kinds and part.definition not in gone
    ]
    texts += [c.after for c in (change.changes if change else ()) if c.kind in kinds and c.after]
    found = [_columns(text) for text in texts]
    keys = [column.name for column in table.columns if column.primary_key] if table else []
    if change and change.sign == "added":
        keys = [c.name for c in change.changes if c.after and ", primary key" in c.after]
    return [*found, keys]


def _columns(definition: str) -> list[str]:
    """The columns at the beginning of a part's definition; none for an expression or a partial index."""
    found = LISTED.match(definition)
    if found is None or " where " in definition.lower():
        return []
    return [name.strip().strip('"`').split(" ")[0] for name in found[1].split(",")]


def _revision(evidence: Evidence, table: str) -> str:
    """The revision of the plan that made a foreign key of a table."""
    names = ("create_foreign_key", "create_table", "add_column", "batch_alter_table")
    found = [o.revision for o in evidence.operations(*names) if o.table == table]
    return found[0] if found else evidence.steps[-1].revision
