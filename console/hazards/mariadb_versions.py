"""The rule about how often MySQL changes the columns of a table at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from console.hazards.clauses import ADD_COLUMN, DROP_COLUMN, Clause, clauses
from console.hazards.copying import INPLACE, why_copied
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import NEXT, execute, quoter, respelled
from console.schema.flavour import MARIADB as MARIADB_FLAVOUR
from console.schema.probe import Question

INSTANT = re.compile(r"\bALGORITHM ?=? ?INSTANT\b", re.IGNORECASE)
REBUILDS = re.compile(r"^(?:FORCE|ENGINE)\b|\bALGORITHM ?=? ?(?:INPLACE|COPY)\b", re.IGNORECASE)


@dataclass
class Changes:
    """The statements of a plan that change the columns of a table at once, until it is made anew."""

    whole: dict[str, Clause] = field(default_factory=dict)
    is_ended: bool = False


@rule(
    "row-version-limit",
    "warning",
    "MySQL adds and drops a column at once by another version of the rows, of which a table takes 64, and 255 "
    "from MySQL 9.1 on. After that it refuses ALGORITHM=INSTANT, and writes the whole table anew where that is "
    "not asked for. A clone begins to count again, so that no rehearsal shows it.",
    instead="Make the table anew in a quiet hour before, after which the server counts from the start.",
    databases=("mysql",),
)
def row_version_limit(evidence: Evidence) -> Iterator[Finding]:
    """Columns that are added or dropped once too often; an error where the server will refuse."""
    if evidence.flavour is MARIADB_FLAVOUR:
        return
    for table, changes in _changes(evidence).items():
        clause, q = next(reversed(changes.whole.values())), quoter(evidence)
        is_refused = any(INSTANT.search(text) for text in changes.whole)
        for probe in evidence.asked(Question("versions", table, changes=len(changes.whole))):
            is_unknown = probe.answer is None and is_refused and evidence.flavour is not None
            if probe.answer or is_unknown:
                does = "refuses" if is_refused else "writes the whole table anew for"
                known = "It is not known whether MySQL" if is_unknown else "MySQL"
                yield Finding(
                    clause.revision,
                    table,
                    f"{known} {does} the change of the columns of {table}: {probe.sentence}.",
                    f"{execute(f'ALTER TABLE {q(table)} FORCE, {INPLACE}')}\n{NEXT}\n"
                    f"{execute(respelled(evidence, clause.whole))}",
                    severity="error" if is_refused and not is_unknown else None,
                    evidence=(probe,),
                )


def _changes(evidence: Evidence) -> dict[str, Changes]:
    """What a plan does to the columns of each table that was there."""
    found: dict[str, Changes] = {}
    for clause in clauses(evidence):
        changes = found.setdefault(clause.table, Changes())
        changes.is_ended = changes.is_ended or _rebuilds(evidence, clause)
        is_of_column = ADD_COLUMN.match(clause.text) or DROP_COLUMN.match(clause.text)
        if is_of_column and not changes.is_ended:
            changes.whole[clause.whole] = clause
    return {table: changes for table, changes in found.items() if changes.whole}


def _rebuilds(evidence: Evidence, clause: Clause) -> bool:
    """Whether a table is made anew, which sets the count back."""
    is_made = REBUILDS.search(clause.whole) or REBUILDS.match(clause.text)
    return bool(is_made) or why_copied(clause.text, evidence.flavour) is not None
