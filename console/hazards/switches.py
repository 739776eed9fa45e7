"""Rules about what a plan switches off: checks that keep rows right, and refusals of bad values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from console.hazards.clauses import clauses, sentences
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import execute, quoter

SERVERS = ("postgresql", "mysql")
CHECKS = re.compile(
    r"(?<!\w)(FOREIGN_KEY_CHECKS|UNIQUE_CHECKS|CHECK_CONSTRAINT_CHECKS) :?= ?(\w+|\S)",
    re.IGNORECASE,
)
ROLE = re.compile(r"session_replication_role (?:=|TO) '?(\w+)", re.IGNORECASE)
TRIGGER = re.compile(
    r"^(?P<verb>DISABLE|ENABLE(?: ALWAYS| REPLICA)?) TRIGGER (?P<name>\S+)", re.IGNORECASE
)
MODE = re.compile(r"^SET .*?(?<!\w)SQL_MODE :?= ?(?P<mode>'[^']*'|.*)", re.IGNORECASE)
# Also what makes it of the mode that is there.
STRICT = re.compile(r"STRICT_(?:TRANS|ALL)_TABLES|TRADITIONAL|@|DEFAULT", re.IGNORECASE)


@dataclass(frozen=True)
class Switch:
    """Something that a statement switches: on what it depends, in words, and how it is undone."""

    revision: str
    name: str
    is_off: bool
    undone: str


@rule(
    "checks-off",
    "warning",
    "While it is off, rows come in that break foreign keys or that a trigger would have put right; "
    "nobody looks at them when it is on again.",
    instead="Leave the checks on and order the statements so that they hold; else switch them on again in "
    "the same revision, and look for rows that broke them.",
    databases=SERVERS,
)
def checks_off(evidence: Evidence) -> Iterator[Finding]:
    """Checks and triggers that are switched off; an error where that is not undone in the revision."""
    switches = list(_switches(evidence))
    for position, switch in enumerate(switches):
        later = [s for s in switches[position:] if s.revision == switch.revision]
        last = next((s for s in reversed(later) if s.name == switch.name), switch)
        is_first = not any(
            (s.revision, s.name, s.is_off) == (switch.revision, switch.name, True)
            for s in switches[:position]
        )
        if switch.is_off and is_first:
            end = "the rest of the plan" if last.is_off else "the statements in between"
            yield Finding(
                switch.revision,
                switch.name,
                f"{switch.name} is off for {end}.",
                f"# as soon as the statements that need it are done:\n{switch.undone}",
                severity="error" if last.is_off else None,
            )


def _switches(evidence: Evidence) -> Iterator[Switch]:
    """What the statements of a plan switch, in order."""
    for sentence in sentences(evidence):
        text, revision = sentence.text, sentence.revision
        is_set = text.upper().startswith("SET ")
        for found in CHECKS.finditer(text) if is_set and evidence.database == "mysql" else ():
            name = found[1].upper()
            is_off = found[2].upper() in ("0", "OFF")
            yield Switch(revision, name, is_off, execute(f"SET {name} = 1"))
        if is_set and (role := ROLE.search(text)):
            is_off = role[1].lower() == "replica"
            undone = execute("SET session_replication_role = 'origin'")
            yield Switch(revision, "session_replication_role", is_off, undone)
    for clause in clauses(evidence) if evidence.database == "postgresql" else ():
        if trigger := TRIGGER.match(clause.text):
            name = f"{clause.table}.{trigger['name']}"
            table = quoter(evidence)(clause.table)
            undone = execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger['name']}")
            yield Switch(clause.revision, name, trigger["verb"].upper() == "DISABLE", undone)


@rule(
    "lenient-mode",
    "error",
    "Without a strict mode the server cuts texts, clips numbers and makes up dates instead of refusing "
    "what does not fit, and tells nobody; every later statement of the plan runs that way.",
    instead="Keep STRICT_TRANS_TABLES, and take away only what stands in the way.",
    databases=("mysql",),
)
def lenient_mode(evidence: Evidence) -> Iterator[Finding]:
    """SET sql_mode to one that is not strict."""
    for sentence in sentences(evidence):
        found = MODE.match(sentence.text)
        if found and not STRICT.search(found["mode"]):
            yield Finding(
                sentence.revision,
                "sql_mode",
                f"sql_mode becomes {found['mode']}: what does not fit is no longer refused.",
                "# what stands in the way, alone:\n"
                + execute("SET SESSION sql_mode = REPLACE(@@SESSION.sql_mode, 'NO_ZERO_DATE', '')"),
            )
