"""Rules about PostgreSQL's maintenance statements, enums and names."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.clauses import known_name, sentences
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import NEXT, autocommit, execute
from console.hazards.words import NAME
from console.schema.sqltext import join, tokens

POSTGRESQL = ("postgresql",)
REINDEX = re.compile(rf"^REINDEX ?(?:\((.*?)\) )?(\w+) (CONCURRENTLY )?{NAME}?", re.IGNORECASE)
ADD_VALUE = re.compile(
    rf"^ALTER TYPE {NAME} ADD VALUE (?:IF NOT EXISTS )?('(?:[^']|'')*')(.*)$", re.IGNORECASE
)
RENAME_VALUE = re.compile(
    rf"^ALTER TYPE {NAME} RENAME VALUE ('(?:[^']|'')*') TO ('(?:[^']|'')*')", re.IGNORECASE
)
DEFINES = ("CREATE", "ALTER", "DROP", "COMMENT")
EXCLUSIVE = re.compile(
    rf"^(?:ALTER TABLE|DROP TABLE|TRUNCATE(?: TABLE)?) (?:IF EXISTS )?(?:ONLY )?{NAME}",
    re.IGNORECASE,
)
SHARED = re.compile(r"\bVALIDATE CONSTRAINT\b|\bSET STATISTICS\b|\bFOREIGN KEY\b", re.IGNORECASE)
LONG = 1000.0  # milliseconds that people notice
LONGEST_NAME = 63  # bytes; PostgreSQL cuts what is longer, with a notice that nobody sees


@rule(
    "reindex",
    "error",
    "Nobody can write to the table, and most cannot read it, while its indexes are built anew.",
    instead="REINDEX … CONCURRENTLY, inside an autocommit_block() or outside of migrations.",
    databases=POSTGRESQL,
)
def reindex(evidence: Evidence) -> Iterator[Finding]:
    """REINDEX without CONCURRENTLY."""
    for sentence in sentences(evidence):
        found = REINDEX.match(sentence.text)
        if found and not found[3] and "CONCURRENTLY" not in (found[1] or "").upper():
            yield Finding(
                sentence.revision,
                found[4] or found[2],
                f"{sentence.text} locks until all is built anew.",
                autocommit(execute(f"REINDEX {found[2].upper()} CONCURRENTLY {found[4] or '…'}")),
            )


@rule(
    "work-after-access-exclusive",
    "warning",
    "Most changes of a table keep everybody else from even reading it until the transaction ends: "
    "what comes after them in the same plan is waited for as well.",
    instead="Do the work first, in a plan of its own, and change the table last.",
    databases=POSTGRESQL,
)
def work_after_access_exclusive(evidence: Evidence) -> Iterator[Finding]:
    """Plans that went on for long, in the rehearsal, after they had locked a table."""
    locked: tuple[str, str] | None = None
    spent, longest = 0.0, (0.0, "")
    for statement in evidence.statements():
        text = join(list(tokens(statement.sql)))
        if locked is not None:
            spent += statement.milliseconds
            longest = max(longest, (statement.milliseconds, text[:80]))
        found = EXCLUSIVE.match(text)
        if locked is None and found and not SHARED.search(text):
            table = known_name(evidence, found[1], statement.names)
            locked = (statement.revision, table) if evidence.was_there(table) else None
    if locked is not None and spent >= LONG:
        revision, table = locked
        yield Finding(
            revision,
            table,
            f"Nobody can use {table} for {spent:,.0f} ms after it was locked, most of it for: "
            f"{longest[1]}",
            f"# this revision: the long work alone\n{NEXT}\n# what locks {table}",
        )


@rule(
    "enum-change",
    "warning",
    "The order of an enum's values is that of every sort, a new value cannot be used in the "
    "transaction that adds it, and none can be taken away again.",
    instead="ADD VALUE … BEFORE or AFTER another one, in a revision of its own; rename by expanding "
    "and contracting.",
    databases=POSTGRESQL,
)
def enum_change(evidence: Evidence) -> Iterator[Finding]:
    """Values added without a place, or renamed."""
    for sentence in sentences(evidence):
        added, renamed = ADD_VALUE.match(sentence.text), RENAME_VALUE.match(sentence.text)
        if added and not re.search(r"\b(BEFORE|AFTER)\b", added[3], re.IGNORECASE):
            yield Finding(
                sentence.revision,
                added[1],
                f"The value {added[2]} comes after all others of {added[1]}, since no place is named.",
                execute(f"ALTER TYPE {added[1]} ADD VALUE IF NOT EXISTS {added[2]} AFTER '…'"),
            )
        if renamed:
            yield Finding(
                sentence.revision,
                renamed[1],
                f"Code that is running knows {renamed[2]} of {renamed[1]} only, and not {renamed[3]}.",
                execute(
                    f"ALTER TYPE {renamed[1]} ADD VALUE IF NOT EXISTS {renamed[3]} AFTER {renamed[2]}"
                )
                + f"\n{NEXT}\n# move the rows of every column of that type; the old value stays\n"
                + execute(f"UPDATE … SET … = {renamed[3]} WHERE … = {renamed[2]}"),
            )


@rule(
    "identifier-over-63-bytes",
    "warning",
    "PostgreSQL cuts the name and says so to nobody: the next migration looks for it in vain, and two "
    "long names may become one.",
    instead="Give it a name of 63 bytes at most.",
    databases=POSTGRESQL,
)
def identifier_over_63_bytes(evidence: Evidence) -> Iterator[Finding]:
    """Names in DDL that are too long."""
    for sentence in sentences(evidence):
        if not sentence.text.upper().startswith(DEFINES):
            continue
        for kind, text in tokens(sentence.text):
            name = text.strip('"')
            size = len(name.encode())
            if kind in ("word", "name") and size > LONGEST_NAME:
                kept = name.encode()[:LONGEST_NAME].decode(errors="ignore")
                yield Finding(
                    sentence.revision,
                    name,
                    f"The name {name} has {size} bytes; PostgreSQL makes it {kept}.",
                    f"# a shorter name: {name[:40].rstrip('_')}",
                )
