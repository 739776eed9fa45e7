"""Rules about what is made of a table or a column that goes: it goes along, or stays and fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from console.hazards import gone
from console.hazards.clauses import sentences
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import execute, place, quoter, respelled
from console.schema.sqltext import normal, tokens

CASCADE = re.compile(
    r"^(?P<kept>DROP (?P<kind>(?:MATERIALIZED )?\w+) .+|ALTER TABLE .+ DROP .+) CASCADE$",
    re.IGNORECASE,
)


@rule(
    "broken-view",
    "error",
    "The database changes and drops what a view or a trigger is made of without a word, and leaves them as "
    "they are: whoever reads the view fails from then on, and so does every write that fires the trigger.",
    instead="Make the view or the trigger anew in the same revision, by the names that there are afterwards.",
    databases=("sqlite", "mysql"),
)
def broken_view(evidence: Evidence) -> Iterator[Finding]:
    """Views and triggers that the plan leaves alone, and that name what it renames or drops."""
    for made in _left_alone(evidence):
        kind, name = made.kind, made.name
        lost = next((one for one in _gone(evidence) if _is_of(made, *one)), None)
        if lost is not None:
            table, column = lost
            what = f"{column} of {table}" if column else table
            yield Finding(
                gone.revision_of(evidence, table),
                name,
                f"The {kind} {name} names {what}, which is gone after the plan.",
                "# at the end of the revision\n"
                f"{execute(f'DROP {kind.upper()} {quoter(evidence)(name)}')}\n"
                f"{execute(f'CREATE {kind.upper()} {quoter(evidence)(name)} …')}",
            )


@dataclass(frozen=True)
class Made:
    """A view, or a trigger of a `table`, and what it does in small letters."""

    kind: str
    name: str
    text: str
    table: str = ""


def _is_of(made: Made, table: str, column: str) -> bool:
    """Whether something is made of a table, or of a column of it, however that is called there."""
    name = re.escape(place(table)[1].lower())
    read = re.search(
        rf"\b(?:from|join|into|update)[ (]+(?:\w+\.)?{name}\b(?: (?:as )?(\w+))?", made.text
    )
    if not column:
        return read is not None
    called = {place(table)[1].lower(), read[1] if read else None}
    if made.table == table:
        called |= {"new", "old"}
    elif read is None:
        return False
    owners = set(re.findall(rf"(\w+)\.{re.escape(column.lower())}\b", made.text))
    is_alone = (
        re.search(rf"(?<!\.)(?<!\bas )\b{re.escape(column.lower())}\b", made.text) is not None
    )
    return bool(owners & called) or (is_alone and not owners)


def _gone(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """(table, column) of what is gone after the plan; of a whole table without a column."""
    yield from ((table, "") for table in gone.tables(evidence))
    yield from gone.columns(evidence)


def _left_alone(evidence: Evidence) -> Iterator[Made]:
    """The views and triggers that are the same after the plan."""
    difference = evidence.rehearsal.difference.tables if evidence.rehearsal else ()
    views = {entry.name for entry in difference if entry.is_view}
    changed = {
        (entry.name, change.name)
        for entry in difference
        for change in entry.changes
        if change.kind == "trigger"
    }
    lost = set(gone.tables(evidence))
    for view in evidence.views:
        if view.name not in views:
            yield Made("view", view.name, normal(view.definition).lower())
    for table in evidence.tables:
        for part in table.parts if table.name not in lost else ():
            if part.kind == "trigger" and (table.name, part.name) not in changed:
                yield Made("trigger", part.name, normal(part.definition).lower(), table.name)


@rule(
    "drop-cascade",
    "error",
    "CASCADE drops all that is made of it as well: views, foreign keys of other tables, columns of a type. "
    "What that is depends on the database, and nobody is told.",
    instead="Drop what depends on it by name first; without CASCADE the database refuses while something does.",
    databases=("postgresql",),
)
def drop_cascade(evidence: Evidence) -> Iterator[Finding]:
    """DROP … CASCADE; a warning where the rehearsal lost nothing by it that the plan does not name."""
    for sentence in sentences(evidence):
        found = CASCADE.match(sentence.text)
        if found is None:
            continue
        lost = list(_taken_along(evidence))
        along = f"; gone in the rehearsal, and named nowhere: {', '.join(lost)}" if lost else ""
        is_known = evidence.rehearsal is not None and evidence.rehearsal.succeeded
        yield Finding(
            sentence.revision,
            found["kept"].split()[-1].strip('"'),
            f"{found['kept']} takes along what depends on it{along}.",
            execute(respelled(evidence, found["kept"])),
            severity="warning" if is_known and not lost else None,
        )


def _taken_along(evidence: Evidence) -> Iterator[str]:
    """What is gone after the plan and no statement of it names; tables and columns have rules of their
    own."""
    rehearsal = evidence.rehearsal
    said = {
        text.lower()
        for statement in evidence.statements()
        for kind, text in tokens(statement.sql)
        if kind in ("word", "name")
    }
    # What the plan calls otherwise is held against what it makes under the old name.
    left = {old for new, old in evidence.renamed.tables.items() if new != old}
    differences = rehearsal.difference.tables if rehearsal and rehearsal.succeeded else ()
    for entry in (one for one in differences if one.name not in left):
        if entry.sign == "removed" and entry.is_view and place(entry.name)[1].lower() not in said:
            yield f"the {entry.noun} {entry.name}"
        for change in entry.changes if entry.sign == "changed" and not entry.is_view else ():
            is_named = change.kind == "column" or change.name.lower() in {"", *said}
            if change.sign == "removed" and not is_named:
                yield f"the {change.kind} {change.name} of {entry.name}"
