"""Rules about partitions on MariaDB and MySQL."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.clauses import ALTER, STATED, clauses, known_name, sized
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import LATER, NEXT, execute, quoter, remade, respelled, suffixed
from console.hazards.words import NAME
from console.schema.flavour import MARIADB as MARIADB_FLAVOUR
from console.schema.sqltext import unquote

MARIADB = ("mysql",)
EMPTIES = re.compile(r"^(DROP|TRUNCATE) PARTITION (?:IF EXISTS )?(?P<names>[^()]+)$", re.IGNORECASE)
EXCHANGES = re.compile(
    rf"^EXCHANGE PARTITION (?P<partition>\S+) WITH TABLE (?P<table>{NAME})(?: WITH VALIDATION|(?P<without> WITHOUT"
    r" VALIDATION))?$",
    re.IGNORECASE,
)
LEAVES = re.compile(
    rf"^CONVERT PARTITION (?P<partition>{NAME}) TO TABLE (?P<table>{NAME})", re.IGNORECASE
)
ENTERS = re.compile(
    rf"^CONVERT TABLE (?P<table>{NAME}) TO (?P<made>PARTITION (?P<partition>{NAME}).*?)"
    r"(?: WITH(?:OUT)? VALIDATION)?$",
    re.IGNORECASE,
)
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
        kept = q(suffixed(table, f"_{names.replace(', ', '_')}"))
        part = f" PARTITION ({names})" if names.upper() != "ALL" else ""
        yield Finding(
            clause.revision,
            f"{table}.{names}",
            f"The rows of the partition{'s' if ',' in names else ''} {names} of {table} are lost.",
            f"{execute(f'CREATE TABLE {kept} AS SELECT * FROM {q(table)}{part}')}\n{LATER}\n"
            f"{execute(respelled(evidence, clause.whole))}",
        )


@rule(
    "exchange-partition",
    "error",
    "The rows of the partition and those of the table change places at once, and whoever reads either sees "
    "others from then on. WITHOUT VALIDATION nobody looks whether they belong into the partition: a query "
    "that asks for those which do not looks elsewhere, and never finds them. MariaDB cannot do it at all on a "
    "connection whose autocommit is off, as it is in a revision: it waits for its own lock until the time is "
    "over, and keeps everybody else from both tables meanwhile.",
    instead="Have the server put the rows of the table where they belong, by INSERT in batches.",
    databases=MARIADB,
)
def exchange_partition(evidence: Evidence) -> Iterator[Finding]:
    """EXCHANGE PARTITION; a warning where the server does it and looks at the rows that come in."""
    for clause in clauses(evidence):
        found = EXCHANGES.match(clause.text)
        if found is None:
            continue
        q, table, name = quoter(evidence), clause.table, unquote(found["partition"])
        other, is_checked = known_name(evidence, found["table"], clause.names), not found["without"]
        looks = "" if is_checked else f", and nobody looks whether those of {other} belong there"
        is_stuck = evidence.flavour is MARIADB_FLAVOUR
        waits = " In a revision MariaDB waits for itself, and gives up."
        yield Finding(
            clause.revision,
            f"{table}.{name}",
            f"The rows of the partition {name} of {table} change places with those of {other}{looks}."
            f"{waits if is_stuck else ''}",
            "# in batches by the key; the server puts each row where it belongs\n"
            + execute(f"INSERT INTO {q(table)} SELECT * FROM {q(other)} WHERE …"),
            severity="warning" if is_checked and not is_stuck else None,
        )


@rule(
    "convert-partition",
    "error",
    "The rows of a partition are another table's from then on, without the triggers and grants of the one that "
    "they were in, and whoever reads that does without them; or a table is gone for all who know it, and its "
    "triggers with it, since it has become a partition. The latter MariaDB cannot do at all on a connection "
    "whose autocommit is off, as it is in a revision: it waits for its own lock until the time is over, and "
    "keeps everybody else from both tables meanwhile. MySQL knows neither.",
    instead="Copy the rows to where they shall be, and drop the partition or the table in a later revision, once "
    "no code asks for them there.",
    databases=MARIADB,
)
def convert_partition(evidence: Evidence) -> Iterator[Finding]:
    """CONVERT PARTITION and CONVERT TABLE; a warning where no table goes."""
    for clause in clauses(evidence):
        leaves, enters = LEAVES.match(clause.text), ENTERS.match(clause.text)
        found, q, table = leaves or enters, quoter(evidence), clause.table
        if found is None:
            continue
        other, name = (
            known_name(evidence, found["table"], clause.names),
            unquote(found["partition"]),
        )
        ways: tuple[str, ...]
        if leaves:
            danger = f"The rows of the partition {name} are those of {other} afterwards, and {table} has them no more."
            ways = (
                f"CREATE TABLE {q(other)} AS SELECT * FROM {q(table)} PARTITION ({q(name)})",
                f"ALTER TABLE {q(table)} DROP PARTITION {q(name)}",
            )
        else:
            danger = (
                f"The table {other} is gone, and its rows are those of the partition {name} of {table}. In a "
                "revision MariaDB waits for itself, and gives up."
            )
            made = respelled(evidence, found["made"])
            ways = (
                f"ALTER TABLE {q(table)} ADD PARTITION ({made})",
                f"INSERT INTO {q(table)} SELECT * FROM {q(other)} WHERE …",
                f"DROP TABLE {q(other)}",
            )
        *first, last = map(execute, ways)
        yield Finding(
            clause.revision,
            f"{table}.{name}",
            danger,
            f"\n{NEXT}\n".join(first) + f"\n{LATER}\n{last}",
            severity="warning" if leaves else None,
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
        q, table = quoter(evidence), clause.table
        new, action = q(suffixed(table, "_new")), respelled(evidence, clause.text)
        yield sized(
            evidence,
            clause.revision,
            table,
            table,
            f"{clause.text.partition('(')[0].strip()} moves rows of {table} while nobody can write to it.",
            remade(
                evidence,
                table,
                f"CREATE TABLE {new} LIKE {q(table)}",
                f"ALTER TABLE {new} {action}",
            ),
        )
