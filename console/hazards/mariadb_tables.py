"""Rules about what MariaDB and MySQL do to a whole table, and to a revision."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from console.hazards.charsets import charset_in, charset_of
from console.hazards.clauses import (
    CREATE,
    STATED,
    Clause,
    changed_column,
    clauses,
    known_name,
    named,
    sentences,
    sized,
    type_text,
)
from console.hazards.copying import COPIED, INDEXED, INPLACE, is_copied, why_copied
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import execute, expand, quoter, respelled, unquoted
from console.hazards.types import sql_type
from console.hazards.words import NAME

MARIADB = ("mysql",)
DDL = re.compile(r"^(?:CREATE|ALTER|DROP|RENAME|TRUNCATE)\b", re.IGNORECASE)
INDEX_OF = re.compile(rf"^CREATE (?:\w+ )*?INDEX .*? ON {NAME}", re.IGNORECASE)
NAMED = re.compile(rf"^ADD CONSTRAINT {NAME}", re.IGNORECASE)
INDEX = re.compile(
    rf"^CREATE (FULLTEXT |SPATIAL |UNIQUE )?INDEX {NAME} ON {NAME} ?(\(.*)$", re.IGNORECASE
)
NUMBERS = re.compile(r"\bAUTO_INCREMENT\b", re.IGNORECASE)
TEXTS = re.compile(r"(?:VAR)?CHAR|\w*TEXT|ENUM|SET\b|CHARACTER", re.IGNORECASE)
OPTIMIZE = re.compile(r"^OPTIMIZE (?:\w+ )?TABLES? (?P<names>.+)$", re.IGNORECASE)
QUIET = "# in a quiet hour: writers wait until it is done"
ORDERED = re.compile(r"^(ALTER .*?) (ORDER BY .*)$", re.IGNORECASE)  # which has to come last


@rule(
    "several-ddl-in-one-revision",
    "warning",
    "Every statement that changes the schema commits on these servers: where a later one fails, the "
    "revision is half applied and not stamped.",
    instead="One such statement a revision.",
    databases=MARIADB,
)
def several_ddl_in_one_revision(evidence: Evidence) -> Iterator[Finding]:
    """Revisions with more than one statement that changes the schema. The indexes of a table that
    the revision itself makes count as part of it: nobody has rows there that could refuse them."""
    found: Counter[str] = Counter()
    made: set[tuple[str, str]] = set()
    for sentence in sentences(evidence):
        table, index = CREATE.match(sentence.text), INDEX_OF.match(sentence.text)
        if table:
            made.add((sentence.revision, table[1]))
        is_part = index is not None and (sentence.revision, index[1]) in made
        if DDL.match(sentence.text) and not is_part:
            found[sentence.revision] += 1
    for step in evidence.steps:
        if found[step.revision] > 1:
            yield Finding(
                step.revision,
                step.message or step.revision,
                f"{found[step.revision]} statements change the schema, each for good at once.",
                "# a revision for each of them: manage.py makemigrations --empty",
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
    """Changes that copy a table and leave it to the server how; one finding a statement."""
    for _, group in groupby(clauses(evidence), key=lambda c: (c.revision, c.whole)):
        together = list(group)
        reasons = [(c, *why) for c in together if (why := _why_copied(evidence, c))]
        if not reasons or STATED.search(together[0].whole):
            continue
        clause, words, _ = reasons[0]
        table = clause.table
        yield sized(
            evidence,
            clause.revision,
            table,
            _subject(clause),
            f"{words[0].upper()}{words[1:]} copies or locks all of {table}.",
            _rewrite(evidence, clause, [how for _, _, how in reasons], len(together)),
        )
    yield from _indexes(evidence)
    yield from _optimized(evidence)


def _optimized(evidence: Evidence) -> Iterator[Finding]:
    """The same of OPTIMIZE TABLE, which makes a table of InnoDB's anew."""
    for sentence in sentences(evidence):
        found = OPTIMIZE.match(sentence.text)
        for table in named(evidence, found["names"], sentence.names) if found else ():
            if evidence.was_there(table):
                yield sized(
                    evidence,
                    sentence.revision,
                    table,
                    table,
                    f"OPTIMIZE TABLE copies or locks all of {table}.",
                    execute(f"ALTER TABLE {quoter(evidence)(table)} FORCE, {INPLACE}"),
                )


def _indexes(evidence: Evidence) -> Iterator[Finding]:
    """The same of CREATE INDEX, which says behind its columns how it is done."""
    for sentence in sentences(evidence):
        found = INDEX.match(sentence.text)
        table = known_name(evidence, found[3], sentence.names) if found else ""
        if found is None or not evidence.was_there(table) or STATED.search(sentence.text):
            continue
        why = why_copied(f"ADD {found[1] or 'INDEX '}{found[2]} {found[4]}", evidence.flavour)
        if why is None:
            continue
        words, how = why
        yield sized(
            evidence,
            sentence.revision,
            table,
            f"{table}.{unquoted(found[2])}",
            f"{words[0].upper()}{words[1:]} copies or locks all of {table}.",
            f"{QUIET}\n{execute(respelled(evidence, sentence.text) + ' ' + how.replace(',', ''))}",
        )


def _subject(clause: Clause) -> str:
    """The constraint or column that a change is about; the table where it is about all of it."""
    named, changed = NAMED.match(clause.text), changed_column(clause.text)
    name = unquoted(named[1]) if named else changed[0] if changed else ""
    return f"{clause.table}.{name}" if name else clause.table


def _why_copied(evidence: Evidence, clause: Clause) -> tuple[str, str] | None:
    """What makes the server copy the table, and the gentlest way; None where nothing does."""
    found = changed_column(clause.text)
    if found is None:
        return why_copied(clause.text, evidence.flavour)
    column, definition = found
    old = evidence.type_before(clause.table, column)
    if is_copied(old, type_text(definition), evidence.flavour):
        return f"the new type of {column}", COPIED
    known = evidence.column(clause.table, column)
    if known and "auto_increment" not in known.notes and NUMBERS.search(definition):
        return f"AUTO_INCREMENT for {column}", COPIED
    before = charset_of(evidence, clause.table, column)
    after = charset_in(evidence, clause.table, definition)
    is_text = TEXTS.match(definition) is not None
    if is_text and before and after and before != after:
        return f"the character set {after} for {column}", COPIED
    return None


def _rewrite(evidence: Evidence, clause: Clause, ways: list[str], actions: int) -> str:
    """A column beside the old one where only a type changes; else the same statement with the way
    that the server has to take, or else refuse."""
    found = changed_column(clause.text)
    known = evidence.column(clause.table, found[0]) if found else None
    if found and known and actions == 1:
        column, kind = found[0], type_text(found[1])
        old, new = sql_type(known.type), sql_type(kind)
        is_alike = old is not None and new is not None and old.family == new.family
        own = quoter(evidence)(column)
        value = own if is_alike else f"CAST({own} AS …)"
        return expand(evidence, clause.table, column, f"{column}_new", kind, value)
    how = next(way for way in (COPIED, INDEXED, INPLACE) if way in ways)
    remark = f"{QUIET}\n" if how != INPLACE else ""
    whole = respelled(evidence, clause.whole)
    ordered = ORDERED.match(whole)
    stated = f"{ordered[1]} {how}, {ordered[2]}" if ordered else f"{whole}, {how}"
    return remark + execute(stated)
