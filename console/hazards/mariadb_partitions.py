"""Rules about partitions on MariaDB and MySQL."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.clauses import ALTER, STATED, clauses, sized
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import LATER, NEXT, execute, quoter, respelled

MARIADB = ("mysql",)
EMPTIES = re.compile(r"^(DROP|TRUNCATE) PARTITION (?:IF EXISTS )?(?P<names>[^()]+)$", re.IGNORECASE)
MOVES = re.compile(
    r"^(?:PARTITION BY|REMOVE PARTITIONING|(?:REORGANIZE|COALESCE|REBUILD|OPTIMIZE) PARTITION"
    r"|ADD PARTITION PARTITIONS)\b",
    re.IGNORECASE,
)


@rule(
    "drop-partition",
    "error",
    "A partition goes with all of its rows, at once and past triggers, and a downgrade cannot bring them "
    "back.",
    instead="Keep a copy of its rows, and drop it in a later revision, once nobody has missed them.",
    databases=MARIADB,
)
def drop_partition(evidence: Evidence) -> Iterator[Finding]:
    """DROP PARTITION and TRUNCATE PARTITION."""
    for clause in clauses(evidence):
        actions = ALTER.match(clause.whole)
        found = EMPTIES.match(actions[2]) if actions and EMPTIES.match(clause.text) else None
        if found is None:
            continue
        q, table, names = quoter(evidence), clause.table, found["names"].strip()
        kept = q(f"{table}_{names.replace(', ', '_')}")
        part = f" PARTITION ({names})" if names.upper() != "ALL" else ""
        yield Finding(
            clause.revision,
            f"{table}.{names}",
            f"The rows of the partition{'s' if ',' in names else ''} {names} of {table} are lost.",
            f"{execute(f'CREATE TABLE {kept} AS SELECT * FROM {q(table)}{part}')}\n{LATER}\n"
            f"{execute(respelled(evidence, clause.whole))}",
        )


@rule(
    "repartition",
    "error",
    "The rows move from partition to partition, and nobody can write to the table in the meantime.",
    instead="Make a table with the partitions that there shall be, and move the rows into it in batches.",
    databases=MARIADB,
)
def repartition(evidence: Evidence) -> Iterator[Finding]:
    """What makes the server copy rows from partitions to others."""
    for clause in clauses(evidence):
        if not MOVES.match(clause.text) or STATED.search(clause.whole):
            continue
        q, table, new = quoter(evidence), clause.table, f"{clause.table}_new"
        action = respelled(evidence, clause.text)
        yield sized(
            evidence,
            clause.revision,
            table,
            table,
            f"{clause.text.partition('(')[0].strip()} moves rows of {table} while nobody can write to it.",
            "\n".join(
                [
                    f"# foreign keys and triggers of {table} do not come along; add those that it has",
                    execute(f"CREATE TABLE {q(new)} LIKE {q(table)}"),
                    execute(f"ALTER TABLE {q(new)} {action}"),
                    NEXT,
                    "# in batches by the key; from here on the code has to write to both",
                    execute(f"INSERT INTO {q(new)} SELECT * FROM {q(table)} WHERE …"),
                ]
            ),
        )
