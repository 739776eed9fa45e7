"""others: who else writes to a database while a plan runs, and which tables a plan left alone.

On SQLite nobody else can write. On PostgreSQL a transaction's own locks tell the tables that it wrote
to or altered. Elsewhere its statements do, as far as each of them says what it changes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from console.schema.capture import SQL_LENGTH, STATEMENTS_KEPT
from console.schema.catalogue import Catalogue
from console.schema.ledger import Count, Entry, Ledger, concluded
from console.schema.outcome import StepResult
from console.schema.sqltext import tokens

# What may run code of its own, which writes anywhere.
CODE = frozenset(["call", "do", "execute", "prepare", "trigger", "function", "procedure", "event"])
# Statements that change only what they name; what others do cannot be told from them.
NAMES = re.compile(
    r"(insert|update|delete|replace|truncate|select|with|comment on|rename (table )?\S+ to|"
    r"(alter|create|drop|rename) table|(create (unique |fulltext |spatial )*|drop )index)\b"
)
# Clauses of ALTER TABLE, and statements, that leave every earlier row and value what it is.
KEEPS = re.compile(
    r"add\b|drop (index|key|constraint|check|foreign key|primary key)\b|"
    r"alter (column )?\S+ (set|drop) default\b|(algorithm|lock) =|rename (index|key)\b|validate constraint\b"
)
ALTER = re.compile(r"alter table (if exists )?(only )?\S+ (.*)")
NEW = re.compile(
    r"(create (unique |fulltext |spatial )*|drop )index\b|insert into\b|select\b|comment on\b"
)
REPLACES = re.compile(r"\bon (duplicate|conflict)\b")


def alone_by_locks(
    written: Collection[str], before: Catalogue, after: Catalogue, first: Count
) -> frozenset[str]:
    """Return what of a count a transaction has not `written` to, and whose definition is what it was:
    the values of an enum are renamed without a lock on its tables."""
    then = {table.name: table for table in before.tables}
    now = {table.name: table for table in after.tables}
    names = (table.name for table in first.tables)
    return frozenset(n for n in names if n not in written and then.get(n) == now.get(n))


def alone_by_statements(
    steps: Collection[StepResult], catalogue: Catalogue, first: Count
) -> frozenset[str]:
    """Return the tables of a count whose earlier rows and values no statement of a plan can have changed,
    as far as these say; none at all where one may do what it does not say, or is not known."""
    statements = [statement.sql for step in steps for statement in step.statements]
    is_cut = any(len(sql) >= SQL_LENGTH for sql in statements) or any(
        len(step.statements) >= STATEMENTS_KEPT for step in steps
    )
    return left_alone(statements, catalogue, first) if statements and not is_cut else frozenset()


def left_alone(statements: Collection[str], catalogue: Catalogue, first: Count) -> frozenset[str]:
    """The same of statements that are all there."""
    names = {table.name for table in first.tables}
    routines = {name for kind, name in first.objects if kind in ("function", "procedure")}
    views = {view.name for view in catalogue.views if view.kind == "view"}
    is_clear = all(NAMES.match(_plain(sql)) and "/*" not in sql for sql in statements)
    if not is_clear or _named(CODE | routines | views, statements):
        return frozenset()
    written = [sql for sql in statements if not _is_ddl(sql)]
    with_triggers = {
        t.name for t in catalogue.tables if any(p.kind in ("trigger", "rule") for p in t.parts)
    }
    changing = [sql for sql in statements if not keeps_rows(sql)]
    touched = _with_children(_named(names, changing), catalogue)
    if with_triggers & (touched | _named(names, written)):
        return frozenset()
    return frozenset(names - touched)


def keeps_rows(sql: str) -> bool:
    """Whether a statement leaves every earlier row, and every value in it, what it is."""
    text = sql.strip().rstrip(";")
    if any(sign in text for sign in ("\\", ";", "/*", "--", "#")):
        return False  # where it ends, or what it hides, is another thing on each database
    plain = _plain(text)
    if NEW.match(plain):
        return not REPLACES.search(plain)
    altered = ALTER.fullmatch(plain)
    return altered is not None and all(map(KEEPS.match, _clauses(altered[3])))


def _plain(sql: str) -> str:
    """A statement on one line, in small letters and with single blanks."""
    text = sql.strip().rstrip(";")
    if "\\" in text:  # which databases read in different ways in a string
        return " ".join(text.lower().split())
    return " ".join(word for _, word in tokens(text)).lower()


def _is_ddl(sql: str) -> bool:
    return _plain(sql).startswith(("alter", "create", "drop", "rename"))


def _clauses(text: str) -> Iterator[str]:
    """The parts between the commas outside of all brackets."""
    depth, begun = 0, 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            yield text[begun:place].strip()
            begun = place + 1
    yield text[begun:].strip()


def _named(names: Collection[str], statements: Iterable[str]) -> set[str]:
    """Those names that statements have somewhere in them, be it in a string; without their schemas."""
    text = "\n".join(statements).lower()
    words = set(re.findall(r"\w+", text))
    found = set()
    for name in names:
        last = name.lower().rpartition(".")[2]
        if last in words or (not re.fullmatch(r"\w+", last) and last in text):
            found.add(name)
    return found


def _with_children(touched: set[str], catalogue: Catalogue) -> set[str]:
    """Tables with those whose rows follow theirs by a foreign key."""
    while True:
        parents = {name.lower().rpartition(".")[2] for name in touched}
        more = {
            table.name
            for table in catalogue.tables
            if table.name not in touched
            for part in table.parts
            if part.kind == "foreign key" and _parent(part.definition) in parents
        }
        if not more:
            return touched
        touched = touched | more


def _parent(definition: str) -> str:
    """The table that a foreign key points to."""
    found = re.search(r"references\s+(\S+)", definition, re.IGNORECASE)
    return found[1].strip('"`').lower().rpartition(".")[2].strip('"`') if found else ""


def not_the_plans(ledger: Ledger, alone: Collection[str]) -> Ledger:
    """Return a ledger in which nothing that happened to the tables that a plan left `alone` is its loss:
    others have written to them meanwhile."""
    entries = tuple(_by_others(e) if _is_theirs(e, alone) else e for e in ledger.entries)
    return concluded(entries, ledger.objects_lost, ledger.objects_gained, ledger.set_back)


def _is_theirs(entry: Entry, alone: Collection[str]) -> bool:
    is_there = entry.rows_before is not None and entry.rows_after is not None
    return is_there and entry.table in alone and entry.verdict != "identical"


def _by_others(entry: Entry) -> Entry:
    """A table that others have changed. A column that is gone is no doing of theirs, nor hidden here."""
    if any(c.non_null_after is None or c.verdict == "lost" for c in entry.columns):
        return entry
    columns = tuple(
        c if c.verdict == "added" else replace(c, verdict="identical") for c in entry.columns
    )
    counted = entry.sentence.split(", ")[:2]
    return replace(
        entry,
        verdict="identical",
        columns=columns,
        sentence=f"{', '.join(counted)}, changed by others meanwhile and not by the plan",
        rows_lost=0,
        history_lost=0,
        mixed=False,
        untold=False,
        by_others=True,
    )
