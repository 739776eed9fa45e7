"""Rules about what MariaDB and MySQL do to a whole table, and to a revision."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from console.hazards.clauses import NAME, Clause, clauses, sentences, sized, type_in
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.types import is_within, sql_type

MARIADB = ("mysql",)
DDL = re.compile(r"^(?:CREATE|ALTER|DROP|RENAME|TRUNCATE)\b", re.IGNORECASE)
STATED = re.compile(
    r"\b(?:ALGORITHM|LOCK) ?=? ?(?:INPLACE|INSTANT|NOCOPY|COPY|NONE|SHARED|EXCLUSIVE)\b"
)
CHANGE = re.compile(rf"^(?:MODIFY|CHANGE) (?:COLUMN )?(?:IF EXISTS )?{NAME} (.*)$", re.IGNORECASE)
COPIES = (
    (re.compile(r"^ADD (?:CONSTRAINT \S+ )?FOREIGN KEY", re.I), "a new foreign key"),
    (re.compile(r"^(?:ADD (?:CONSTRAINT \S+ )?|DROP )PRIMARY KEY", re.I), "another primary key"),
    (re.compile(r"^CONVERT TO CHARACTER SET", re.I), "another character set"),
    (re.compile(r"^ADD (?:FULLTEXT|SPATIAL)", re.I), "such an index"),
    (re.compile(r"^(?:ENGINE|ROW_FORMAT)\b", re.I), "another engine or format"),
    (re.compile(r"^ADD (?:CONSTRAINT \S+ )?CHECK\b", re.I), "a new CHECK"),
    (re.compile(r"^ORDER BY", re.I), "another order"),
)


@rule(
    "several-ddl-in-one-revision",
    "warning",
    "Every statement that changes the schema commits on these servers: where a later one fails, the "
    "revision is half applied and not stamped.",
    instead="One such statement a revision.",
    databases=MARIADB,
)
def several_ddl_in_one_revision(evidence: Evidence) -> Iterator[Finding]:
    """Revisions with more than one statement that changes the schema."""
    found = Counter(s.revision for s in sentences(evidence) if DDL.match(s.text))
    for step in evidence.steps:
        if found[step.revision] > 1:
            yield Finding(
                step.revision,
                step.message or step.revision,
                f"{found[step.revision]} statements change the schema, each for good at once.",
                "# a revision for each of them:\n# manage.py makemigrations --empty -m '…'",
            )


@rule(
    "copy-or-lock",
    "error",
    "The server copies the whole table for it, and nobody can write in the meantime; without a word "
    "of ours it takes the slowest way that works.",
    instead="State ALGORITHM and LOCK, so that the server refuses instead of locking.",
    databases=MARIADB,
)
def copy_or_lock(evidence: Evidence) -> Iterator[Finding]:
    """Changes that copy a table and leave it to the server how."""
    for clause in clauses(evidence):
        why = _why_copied(evidence, clause)
        if why is None or STATED.search(clause.whole.upper()):
            continue
        table = clause.table
        yield sized(
            evidence,
            clause.revision,
            table,
            f"{table}.{clause.text[:60]}",
            f"{why[0].upper()}{why[1:]} copies or locks all of {table}.",
            f'op.execute("ALTER TABLE {table} {clause.text}, ALGORITHM=INPLACE, LOCK=NONE")\n'
            "# where the server refuses: a new table, a copy in batches, and a rename",
        )


def _why_copied(evidence: Evidence, clause: Clause) -> str | None:
    """What makes the server copy the table; None where nothing does."""
    for pattern, words in COPIES:
        if pattern.match(clause.text):
            return words
    found = CHANGE.match(clause.text)
    if found is None:
        return None
    rest = found[2]
    if clause.text.upper().startswith("CHANGE"):
        rest = rest.partition(" ")[2]  # behind the new name
    known = evidence.column(clause.table, found[1])
    old, new = sql_type(known.type if known else None), type_in(rest)
    if old is None or new is None or old == new:
        return None
    if old.name == new.name == "VARCHAR" and is_within(new.size, old.size):
        return None  # a number to change, or a case for varchar-boundary
    return f"the new type of {found[1]}"
