"""Rules about what else keeps others from a table on PostgreSQL."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.clauses import clauses, known_name, promised, sentences, sized
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import NEXT, execute, quoter
from console.hazards.words import CREATE_VIEW, NAME
from console.schema.sqltext import tokens

POSTGRESQL = ("postgresql",)
REWRITES = re.compile(r"^SET (LOGGED|UNLOGGED|TABLESPACE|ACCESS METHOD)\b", re.IGNORECASE)
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
ATTACH = re.compile(rf"^ATTACH PARTITION {NAME} (?P<bounds>.*)$", re.IGNORECASE)


@rule(
    "table-rewrite",
    "error",
    "PostgreSQL writes the whole table and all its indexes anew while nobody else can even read it.",
    instead="Do it outside of migrations in a quiet hour, or move the rows in batches into a table that "
    "is made as it shall be.",
    databases=POSTGRESQL,
)
def table_rewrite(evidence: Evidence) -> Iterator[Finding]:
    """SET LOGGED, UNLOGGED, TABLESPACE and ACCESS METHOD."""
    for clause in clauses(evidence):
        if REWRITES.match(clause.text):
            table, q = clause.table, quoter(evidence)
            new = q(f"{table}_new")
            yield sized(
                evidence,
                clause.revision,
                table,
                table,
                f"{clause.text} writes all of {table} anew under the lock.",
                "\n".join(
                    [
                        f"# a table that is made as {table} shall be; foreign keys, triggers and grants do "
                        "not come along",
                        execute(f"CREATE TABLE {new} (LIKE {q(table)} INCLUDING ALL)"),
                        NEXT,
                        "# in batches by the key; from here on the code has to write to both",
                        execute(f"INSERT INTO {new} SELECT * FROM {q(table)} WHERE …"),
                    ]
                ),
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
        for table in (known_name(evidence, name.removesuffix(" *")) for name in names):
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
        view = known_name(evidence, found[1]) if found else ""
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


@rule(
    "attach-partition",
    "error",
    "PostgreSQL reads all rows of the table that becomes a partition while nobody else can even read "
    "it, unless a validated CHECK has promised already that they belong there.",
    instead="Add the bounds as a CHECK NOT VALID, validate it in the next revision, attach, and drop the "
    "CHECK.",
    databases=POSTGRESQL,
)
def attach_partition(evidence: Evidence) -> Iterator[Finding]:
    """ATTACH PARTITION of a table that was there and whose rows nothing speaks for."""
    for sentence in sentences(evidence):
        head, _, action = sentence.text.partition(" ATTACH ")
        found = ATTACH.match(f"ATTACH {action}")
        child = known_name(evidence, found[1]) if found else ""
        if found is None or not evidence.was_there(child) or evidence.rows(child) == 0:
            continue
        if _is_promised(evidence, child, found["bounds"]):
            continue
        q, check = quoter(evidence), f"{child.rpartition('.')[2]}_bounds"
        yield sized(
            evidence,
            sentence.revision,
            child,
            child,
            f"All of {child} is read under the lock, to see whether its rows belong there.",
            "\n".join(
                [
                    execute(
                        f"ALTER TABLE {q(child)} ADD CONSTRAINT {q(check)} CHECK (…) NOT VALID"
                    ),
                    NEXT,
                    execute(f"ALTER TABLE {q(child)} VALIDATE CONSTRAINT {q(check)}"),
                    NEXT,
                    execute(f"{head} ATTACH {action}"),
                    execute(f"ALTER TABLE {q(child)} DROP CONSTRAINT {q(check)}"),
                ]
            ),
        )


def _is_promised(evidence: Evidence, table: str, bounds: str) -> bool:
    """Whether a CHECK that holds for every row names all the values of these bounds; which rows it
    lets through nobody can tell from its text."""
    values = _values(bounds)
    return bool(values) and any(values <= _values(check) for check in promised(evidence, table))


def _values(text: str) -> set[str]:
    return {word for kind, word in tokens(text) if kind in ("number", "string")}
