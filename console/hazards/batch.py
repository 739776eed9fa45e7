"""Rules about what SQLite's batch mode loses, or cannot do, when it makes a table anew."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import batch, execute, quoter
from console.schema.catalogue import Change, TableDifference
from console.schema.sqltext import tokens

SQLITE = ("sqlite",)
STORED = re.compile(r" (?:stored|virtual)$")
ACTION = re.compile(r" on (?:delete|update) .*", re.IGNORECASE)


@rule(
    "batch-object-loss",
    "error",
    "Batch mode makes the table anew from what SQLAlchemy can reflect; triggers, indexes on "
    "expressions, unnamed CHECKs, COLLATE, AUTOINCREMENT, and the ON DELETE of a foreign key that "
    "stands beside its column are not among it.",
    instead="Make the lost object again at the end of the revision, or hand batch mode the whole table "
    "by copy_from.",
    databases=SQLITE,
)
def batch_object_loss(evidence: Evidence) -> Iterator[Finding]:
    """Parts of rebuilt tables that are gone although no operation dropped them."""
    if evidence.rehearsal is None:
        return
    for difference in evidence.rehearsal.difference.tables:
        revision = next((r for r, table in evidence.rebuilt if table == difference.name), None)
        if revision is None or difference.sign != "changed":
            continue
        for change in difference.changes:
            lost = _lost_note(evidence, difference, change) or _lost_part(
                evidence, difference, change
            )
            if lost:
                place = f"{difference.name}.{change.name or change.kind}"
                yield Finding(revision, place, lost, _rewrite(difference, change))


def _lost_part(evidence: Evidence, difference: TableDifference, change: Change) -> str | None:
    """What is lost with a part that no operation dropped."""
    table = difference.name
    if change.sign != "removed" or change.kind == "column":
        return None
    names = {o.detail("name") for o in evidence.operations("drop_constraint", "drop_index")}
    if change.name in names - {None}:
        return None
    gone = [o.column for o in evidence.operations("drop_column") if o.table == table]
    if any(column and column in (change.before or "") for column in gone):
        return None  # it went with its column
    bare = ACTION.sub("", change.before or "")
    if any(
        c.sign == "added" and c.kind == change.kind and c.after == bare for c in difference.changes
    ):
        action = (change.before or "")[len(bare) :].strip().upper()
        return f"The foreign key {bare} of {table} loses its {action} when batch mode makes the table anew."
    name = f" {change.name}" if change.name else ""
    return (
        f"The {change.kind}{name} of {table} is lost when batch mode makes the table anew: "
        f"{change.before}"
    )


def _lost_note(evidence: Evidence, difference: TableDifference, change: Change) -> str | None:
    """What is lost of a column that is still there."""
    column = evidence.column(difference.name, change.name)
    if change.kind != "column" or change.sign != "changed" or column is None:
        return None
    after = (change.after or "").lower()
    # A stored column that is made again can only be virtual: it holds the same.
    lost = [note for note in column.notes if STORED.sub("", note.lower()) not in after]
    if not lost:
        return None
    return (
        f"The column {change.name} of {difference.name} loses {' and '.join(lost)} when batch mode "
        "makes the table anew."
    )


def _rewrite(difference: TableDifference, change: Change) -> str:
    if change.kind in ("trigger", "index"):
        return (
            f"# at the end of upgrade(), make it again:\n{execute(_statement(difference, change))}"
        )
    return (
        "# hand batch mode the table as it should be, with what SQLAlchemy cannot reflect:\n"
        f'table = sa.Table("{difference.name}", sa.MetaData(), …)  # {change.before}\n'
        f'with op.batch_alter_table("{difference.name}", copy_from=table) as batch:\n    …'
    )


@rule(
    "batch-view",
    "error",
    "Batch mode drops the table and gives its name to a new one; SQLite refuses that while a view "
    "still speaks of the table, and outside of a transaction the half-made table stays behind.",
    instead="Drop the view before, and make it again afterwards.",
    databases=SQLITE,
)
def batch_view(evidence: Evidence) -> Iterator[Finding]:
    """Rebuilt tables that a view reads, where the rehearsal failed for it."""
    q = quoter(evidence)
    for revision, table in sorted(evidence.rebuilt):
        if not evidence.failed_in(revision):
            continue
        for view in evidence.views:
            if table.lower() not in _words(view.definition):
                continue
            definition = view.definition.partition("; CREATE TRIGGER")[0]
            yield Finding(
                revision,
                view.name,
                f"The view {view.name} reads {table}, which batch mode cannot make anew under it.",
                f"{execute(f'DROP VIEW {q(view.name)}')}\n{batch(table, '…')}\n{execute(definition)}",
            )


@rule(
    "batch-generated-column",
    "error",
    "Batch mode copies every column into the new table, and SQLite takes no value for one that it "
    "computes itself: the copy fails.",
    instead="Drop the generated column before, and add it again afterwards.",
    databases=SQLITE,
)
def batch_generated_column(evidence: Evidence) -> Iterator[Finding]:
    """Rebuilt tables with a generated column, where the rehearsal failed for it."""
    q = quoter(evidence)
    for revision, name in sorted(evidence.rebuilt):
        table = evidence.table(name)
        if table is None or not evidence.failed_in(revision):
            continue
        for column in table.columns:
            note = next((note for note in column.notes if "generated always" in note.lower()), None)
            if note is None or "generated column" not in _error(evidence):
                continue
            yield Finding(
                revision,
                f"{name}.{column.name}",
                f"{column.name} of {name} is computed ({note}), so batch mode cannot copy the table.",
                f"{execute(f'ALTER TABLE {q(name)} DROP COLUMN {q(column.name)}')}\n{batch(name, '…')}\n"
                + execute(
                    f"ALTER TABLE {q(name)} ADD COLUMN {q(column.name)} {column.type} {_virtual(note)}"
                ),
            )


def _statement(difference: TableDifference, change: Change) -> str:
    """The statement that makes a trigger or an index; the catalogue has that of an index in words."""
    text = change.before or ""
    if change.kind == "trigger":
        return text
    unique = "UNIQUE " if text.startswith("unique ") else ""
    rest = text.removeprefix("unique ")
    return f"CREATE {unique}INDEX {change.name} ON {difference.name} {rest}"


def _virtual(note: str) -> str:
    """SQLite can only add generated columns that are not stored."""
    return re.sub(r"\bstored\b", "virtual", note, flags=re.IGNORECASE)


def _error(evidence: Evidence) -> str:
    return (evidence.rehearsal.error or "").lower() if evidence.rehearsal else ""


def _words(sql: str) -> set[str]:
    return {text.lower() for kind, text in tokens(sql) if kind in ("word", "name")}
