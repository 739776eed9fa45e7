"""squawk: what squawk says about a PostgreSQL plan, where no rule of ours says it.

Of the rules that it has in common with ours, ours know more: the data, and what the plan itself makes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.remark import Remark

PREFIX = "squawk"
SHOWN = 160
# What squawk calls it, and the rules of ours that look at the same.
OURS = {
    "adding-field-with-default": ("volatile-default", "add-stored-generated"),
    "adding-foreign-key-constraint": ("foreign-key-valid",),
    "adding-not-nullable-field": ("set-not-null-scan",),
    "adding-required-field": ("add-not-null-without-default",),
    "adding-serial-primary-key-field": ("add-serial", "add-unique-constraint"),
    "ban-concurrent-index-creation-in-transaction": ("concurrently-in-transaction",),
    "ban-disable-trigger": ("checks-off",),
    "ban-drop-column": ("drop-column",),
    "ban-drop-not-null": ("drop-not-null",),
    "ban-drop-table": ("drop-table",),
    "changing-column-type": ("change-type",),
    "constraint-missing-not-valid": ("check-valid", "foreign-key-valid", "add-unique-constraint"),
    "disallowed-unique-constraint": ("add-unique-constraint",),
    "identifier-too-long": ("identifier-over-63-bytes",),
    "prefer-repack": ("vacuum-full", "cluster"),
    "renaming-column": ("rename-column",),
    "renaming-table": ("rename-table",),
    "require-concurrent-index-creation": ("index-not-concurrent",),
    "require-concurrent-index-deletion": ("drop-index-not-concurrent",),
    "require-concurrent-partition-detach": ("detach-partition",),
    "require-concurrent-reindex": ("reindex",),
    "require-enum-value-ordering": ("enum-change",),
}
# What the console itself takes care of, by the transaction and the time limits that it runs a plan with.
CARED_FOR = frozenset(
    {
        "ban-uncommitted-transaction",
        "prefer-robust-stmts",
        "require-lock-timeout",
        "require-statement-timeout",
        "require-timeout-settings",
        "syntax-error",
        "transaction-nesting",
        "unused-ignore",
    }
)
# What it says only to those who ask for it; the rest of these would object to every change.
ASKED_FOR = (
    "ban-alter-row-level-security",
    "ban-drop-policy",
    "ban-revoke",
)
# What only squawk says: why, and what to do instead.
THEIRS = {
    "ban-alter-domain-with-add-constraint": (
        "A constraint on a domain is checked in every table that uses it, under a lock on each.",
        "Put the constraint on the columns, as NOT VALID, and validate it afterwards.",
    ),
    "ban-alter-identity": (
        "Inserts that name the column, or leave it out, may be refused from then on.",
        "Deploy code that writes the column as it will have to be written first.",
    ),
    "ban-alter-row-level-security": (
        "Rows that somebody could read are gone for them from then on, or others' rows are there.",
        "Make the policies first, try them as each role, and switch last.",
    ),
    "ban-char-field": (
        "CHAR pads its values with spaces, which count in some comparisons and not in others.",
        "Use TEXT, or VARCHAR with a CHECK of the length.",
    ),
    "ban-create-domain-with-constraint": (
        "A constraint of a domain can later be changed only with a lock on every table that uses it.",
        "Use the plain type, and put the constraint on the columns.",
    ),
    "ban-drop-constraint": (
        "Rows that the constraint kept out may come in from then on, and code relies on it.",
        "Make the code ready for such rows and deploy it first.",
    ),
    "ban-drop-database": (
        "Everything in the database is lost, and no downgrade brings it back.",
        "Leave databases to those who run the server, and their backups.",
    ),
    "ban-drop-default": (
        "Code that leaves the column out of what it inserts is refused, or writes NULL.",
        "Deploy code that writes the column first.",
    ),
    "ban-drop-domain": (
        "Code that names the domain fails.",
        "Take it out of the code and deploy that; drop it in a later revision.",
    ),
    "ban-drop-extension": (
        "Its types, functions and operators go with it, and with CASCADE every column of those types.",
        "Drop what uses it by name, and the extension in a later revision.",
    ),
    "ban-drop-function": (
        "Code that calls the function fails, and so do the triggers that it stands behind.",
        "Take it out of the code and deploy that; drop it in a later revision.",
    ),
    "ban-drop-generated-expression": (
        "The column keeps what it holds, and nobody computes it from then on.",
        "Deploy code that writes the column first.",
    ),
    "ban-drop-policy": (
        "Rows that the policy kept from somebody are there for them from then on, or theirs are gone.",
        "Make the policy that replaces it first.",
    ),
    "ban-drop-schema": (
        "Code that names anything of the schema fails, and with CASCADE all of its tables are gone.",
        "Drop its tables by name, once nobody has missed them.",
    ),
    "ban-drop-sequence": (
        "Code that takes its numbers from the sequence fails.",
        "Take it out of the code and deploy that; drop it in a later revision.",
    ),
    "ban-drop-type": (
        "Code that names the type fails, and with CASCADE every column of it is gone.",
        "Take it out of the code and deploy that; drop it in a later revision.",
    ),
    "ban-drop-view": (
        "Code that reads the view fails.",
        "Take it out of the code and deploy that; drop it in a later revision.",
    ),
    "ban-duplicate-column-assignments": (
        "PostgreSQL refuses a statement that names a column twice.",
        "Name it once.",
    ),
    "ban-revoke": (
        "Code that connects as that role is refused from then on.",
        "Let it connect as another role first, and deploy that.",
    ),
    "ban-set-schema": (
        "Code that is running knows it in the old schema only, and fails.",
        "Leave a view under the old name until all code uses the new one.",
    ),
    "ban-truncate-cascade": (
        "CASCADE empties every table that refers to this one, also those that nobody thought of.",
        "Name the tables that are to be emptied.",
    ),
    "prefer-bigint-over-int": (
        "A 32-bit number ends at 2,147,483,647, and a key that reaches it stops every insert.",
        "Use BigInteger for keys and counters that grow.",
    ),
    "prefer-bigint-over-smallint": (
        "A 16-bit number ends at 32,767.",
        "Use BigInteger for keys and counters that grow.",
    ),
    "prefer-identity": (
        "SERIAL makes a sequence with an owner and permissions of its own, which dumps and renames leave behind.",
        "Use sa.Identity().",
    ),
    "prefer-text-field": (
        "Changing the length of a VARCHAR later takes a lock on the whole table.",
        "Use TEXT with a CHECK of the length, which can be replaced without such a lock.",
    ),
    "prefer-timestamp-tz": (
        "A timestamp without time zone drops the offset of what is stored in it.",
        "Use DateTime(timezone=True).",
    ),
    "renaming-object": (
        "Code that is running knows the old name only, and fails where it names it.",
        "Make it under the new name beside the old one, and drop that in a later revision.",
    ),
}
TABLE = re.compile(
    r"""\b(?:TABLE|TYPE|DOMAIN|DATABASE|TRUNCATE)\s+(?:TABLE\s+)?(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:ONLY\s+)?
        (?P<name>(?:"[^"]+"|[\w$.])+)""",
    re.IGNORECASE | re.VERBOSE,
)


def _looks_for(name: str) -> Callable[[Evidence], Iterator[Finding]]:
    """The function of the rule that passes on what squawk says under this name."""

    def look(evidence: Evidence) -> Iterator[Finding]:
        yield from _findings(r for r in evidence.remarks.found if r.rule == name)

    return look


def _findings(remarks: Iterator[Remark]) -> Iterator[Finding]:
    """One finding for each revision and table; several remarks about one are counted."""
    grouped: dict[tuple[str, str], list[Remark]] = {}
    for remark in remarks:
        place = (remark.statement.revision, _subject(remark.statement.sql))
        grouped.setdefault(place, []).append(remark)
    for (revision, subject), group in grouped.items():
        sql = " ".join(group[0].statement.sql.split())
        shown = sql if len(sql) <= SHOWN else f"{sql[: SHOWN - 1]}…"
        times = f" ({len(group)} places)" if len(group) > 1 else ""
        yield Finding(revision, subject, f"{group[0].message}{times} In: {shown}")


def _subject(sql: str) -> str:
    found = TABLE.search(sql)
    return found["name"].replace('"', "") if found else "the SQL"


for _name, (_reason, _instead) in THEIRS.items():
    rule(f"{PREFIX}-{_name}", "warning", _reason, instead=_instead, databases=("postgresql",))(
        _looks_for(_name)
    )


@rule(
    "squawk-other",
    "warning",
    "Squawk knows this rule, and the console does not know it yet.",
    instead="Read what squawk says about it, and decide whether it matters here.",
    databases=("postgresql",),
)
def squawk_other(evidence: Evidence) -> Iterator[Finding]:
    """What a newer squawk says under names that are not known here."""
    known = OURS.keys() | THEIRS.keys() | CARED_FOR
    for remark in evidence.remarks.found:
        if remark.rule not in known:
            for found in _findings(iter([remark])):
                yield Finding(found.revision, found.subject, f"{remark.rule}: {found.danger}")


@rule(
    "squawk-not-asked",
    "warning",
    "Some dangers of PostgreSQL are known to squawk alone, and nobody looked for them.",
    instead="Install squawk-cli into the environment that runs the console.",
    databases=("postgresql",),
)
def squawk_not_asked(evidence: Evidence) -> Iterator[Finding]:
    """One line where squawk is missing or does not answer; its other rules then find nothing."""
    if evidence.remarks.problem:
        yield Finding(
            evidence.steps[0].revision if evidence.steps else "",
            "the whole plan",
            evidence.remarks.problem,
        )
