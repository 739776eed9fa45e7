"""Rules about what else keeps others from a table on PostgreSQL."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.clauses import known_name, sentences, sized
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import execute, quoter
from console.hazards.words import CREATE_VIEW, NAME

POSTGRESQL = ("postgresql",)
LOCK = re.compile(
    r"^LOCK (?:TABLE )?(?:ONLY )?(?P<tables>.+?)(?: IN (?P<mode>[A-Z ]+) MODE)?(?: NOWAIT)?$",
    re.IGNORECASE,
)
MILD = (
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
)  # these let writers on
READABLE = ("SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE")
REFRESH = re.compile(
    rf"^REFRESH MATERIALIZED VIEW (?!CONCURRENTLY\b){NAME}(?P<none> WITH NO DATA)?", re.IGNORECASE
)


@rule(
    "lock-table",
    "warning",
    "The lock is held until the transaction ends, and that is all of the plan: others wait for as long "
    "as the rest of it takes.",
    instead="Let each statement take the lock that it needs; where rows must not change in between, lock "
    "those by SELECT … FOR UPDATE.",
    databases=POSTGRESQL,
)
def lock_table(evidence: Evidence) -> Iterator[Finding]:
    """LOCK TABLE in a mode that keeps writers, or everybody, waiting."""
    for sentence in sentences(evidence):
        found = LOCK.match(sentence.text)
        mode = " ".join(((found and found["mode"]) or "ACCESS EXCLUSIVE").upper().split())
        names = found["tables"].split(", ") if found and mode not in MILD else []
        for table in (
            known_name(evidence, name.removesuffix(" *"), sentence.names) for name in names
        ):
            if evidence.was_there(table):
                who = "write to" if mode in READABLE else "use"
                yield Finding(
                    sentence.revision,
                    table,
                    f"Nobody else can {who} {table} until the whole plan is done.",
                    "# only the rows that must not change in between\n"
                    + execute(f"SELECT 1 FROM {quoter(evidence)(table)} WHERE … FOR UPDATE"),
                )


@rule(
    "refresh-materialized-view",
    "error",
    "Nobody can read the view until its query is done and the plan has ended.",
    instead="Refresh it CONCURRENTLY, which needs a unique index on it.",
    databases=POSTGRESQL,
)
def refresh_materialized_view(evidence: Evidence) -> Iterator[Finding]:
    """REFRESH without CONCURRENTLY of a view that was there."""
    made = {
        known_name(evidence, found[1])
        for sentence in sentences(evidence)
        if (found := CREATE_VIEW.match(sentence.text))
    }
    for sentence in sentences(evidence):
        found = REFRESH.match(sentence.text)
        view = known_name(evidence, found[1], sentence.names) if found else ""
        if found is None or found["none"] or view in made:
            continue
        q = quoter(evidence)
        yield sized(
            evidence,
            sentence.revision,
            view,
            view,
            f"Whoever reads {view} waits until it is refreshed.",
            "# in a revision before this one, if there is none: a unique index on columns of the view\n"
            f"{execute(f'REFRESH MATERIALIZED VIEW CONCURRENTLY {q(view)}')}",
        )
