"""others: who else writes to a database while a plan runs, and which tables a plan left alone.

On SQLite nobody else can write. On PostgreSQL a transaction's own locks tell the tables that it wrote
to or altered. Elsewhere its statements do, as far as each of them says what it changes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from console.schema.capture import SQL_LENGTH, STATEMENTS_KEPT
from console.schema.catalogue import Catalogue
from console.schema.ledger import ColumnEntry, Count, Entry, Ledger
from console.schema.outcome import StepResult
from console.schema.sqltext import tokens
from console.schema.table import Table
from console.schema.verdict import concluded

# By its name what a plan left alone, with the columns that it may have changed all the same.
Alone = Mapping[str, frozenset[str]]
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
UPDATE = re.compile(r"update (?:only )?([^\s,]+) set (.*)")
SETS = re.compile(r"(?:\w+\.)?(\w+) = ")
UNCERTAIN = re.compile(r"\b(returning|order by|limit)\b")  # where the list of what is set ends
INHERITS = re.compile(r"\binherits (.*)")
REPLACES = re.compile(r"\bon (duplicate|conflict)\b")


def alone_by_locks(
    written: Collection[str], before: Catalogue, after: Catalogue, first: Count
) -> Alone:
    """Return what of a count a transaction has not `written` to, and whose definition is what it was:
    the values of an enum are renamed without a lock on its tables."""
    then = {table.name: table for table in before.tables}
    now = {table.name: table for table in after.tables}
    names = (table.name for table in first.tables)
    same = (n for n in names if n not in written and then.get(n) == now.get(n))
    return dict.fromkeys(same, frozenset())


def alone_by_statements(steps: Collection[StepResult], catalogue: Catalogue, first: Count) -> Alone:
    """Return the tables of a count whose earlier rows and values no statement of a plan can have changed,
    as far as these say; none at all where one may do what it does not say, or is not known."""
    statements = [statement.sql for step in steps for statement in step.statements]
    is_cut = any(len(sql) >= SQL_LENGTH for sql in statements) or any(
        len(step.statements) >= STATEMENTS_KEPT for step in steps
    )
    return left_alone(statements, catalogue, first) if statements and not is_cut else {}


def left_alone(statements: Collection[str], catalogue: Catalogue, first: Count) -> Alone:
    """The same of statements that are all there."""
    names = {table.name for table in first.tables}
    routines = {name for kind, name in first.objects if kind in ("function", "procedure")}
    views = {view.name for view in catalogue.views if view.kind == "view"}
    is_clear = all(NAMES.match(_plain(sql)) and "/*" not in sql for sql in statements)
    uncounted = {table.name for table in catalogue.tables} - names  # partitions: their root is
    if not is_clear or _named(CODE | routines | views | uncounted, statements):
        return {}
    if _named(_parents(catalogue), statements):
        return {}  # what is done to them is done to those that inherit
    columns: dict[str, set[str]] = {}
    others = []
    for sql in statements:
        table, written = columns_written(sql)
        if table:
            columns.setdefault(table, set()).update(written)
        elif not keeps_rows(sql):
            others.append(sql)
    keys = {t.name.lower().rpartition(".")[2]: t.key for t in first.tables}
    counted = {table: sets for table, sets in columns.items() if table in keys}
    if any(keys[table] is None or sets & set(keys[table] or ()) for table, sets in counted.items()):
        return {}  # where keys change, rows cannot be told apart
    updated = {name for name in names if name.lower().rpartition(".")[2] in columns}
    follow = _with_children(updated, catalogue, by="on update") - updated
    touched = _with_children(_named(names, others) | follow, catalogue)
    rows = _named(names, [sql for sql in statements if not _is_ddl(sql)])
    with_code = {
        t.name for t in catalogue.tables if any(p.kind in ("trigger", "rule") for p in t.parts)
    }
    if with_code & (touched | rows):
        return {}
    derived = {t.name: _derived(t) for t in catalogue.tables}
    return {
        name: frozenset(columns[last] | derived.get(name, set()))
        if last in columns
        else frozenset()
        for name in names - touched
        for last in [name.lower().rpartition(".")[2]]
    }


def _parents(catalogue: Catalogue) -> set[str]:
    """The tables that others inherit from."""
    options = (
        p.definition for table in catalogue.tables for p in table.parts if p.kind == "option"
    )
    found = (INHERITS.search(option) for option in options)
    return {name.replace('"', "") for each in found if each for name in each[1].split(", ")}


def _derived(table: Table) -> set[str]:
    """The columns that change with others of their row."""
    words = ("generated", "on update")
    return {c.name.lower() for c in table.columns if any(w in n for w in words for n in c.notes)}


def columns_written(sql: str) -> tuple[str, frozenset[str]]:
    """Return the table of an UPDATE of one table, without its schema, and the columns that it sets; ""
    for any other statement."""
    found = UPDATE.match(_plain(sql)) if not _is_obscure(sql) else None
    if found is None:
        return "", frozenset()
    sets = [SETS.match(clause) for clause in _clauses(found[2])]
    columns = frozenset(each[1] for each in sets if each)
    is_all = all(sets) and not UNCERTAIN.search(found[2].partition(" where ")[0])
    return (found[1].rpartition(".")[2], columns) if is_all else ("", frozenset())


def keeps_rows(sql: str) -> bool:
    """Whether a statement leaves every earlier row, and every value in it, what it is."""
    plain = _plain(sql)
    if _is_obscure(sql):
        return False
    if NEW.match(plain):
        return not REPLACES.search(plain)
    altered = ALTER.fullmatch(plain)
    return altered is not None and all(map(KEEPS.match, _clauses(altered[3])))


def _is_obscure(sql: str) -> bool:
    """Whether a statement has signs by which it ends, or hides something, elsewhere on each database."""
    text = sql.strip().rstrip(";")
    return any(sign in text for sign in ("\\", ";", "/*", "--", "#", "$"))


@lru_cache(maxsize=1_000)  # asked again and again of each statement of a plan
def _plain(sql: str) -> str:
    """A statement on one line, in small letters, with single blanks and its strings empty."""
    found = tokens(sql.strip().rstrip(";"))
    words = ("''" if kind == "string" else text for kind, text in found)
    return " ".join(words).lower().replace(" . ", ".")


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


def _with_children(touched: set[str], catalogue: Catalogue, *, by: str = "") -> set[str]:
    """Tables with those whose rows follow theirs by a foreign key that says `by`."""
    while True:
        parents = {name.lower().rpartition(".")[2] for name in touched}
        more = {
            table.name
            for table in catalogue.tables
            if table.name not in touched
            for part in table.parts
            if part.kind == "foreign key" and by in part.definition
            if _parent(part.definition) in parents
        }
        if not more:
            return touched
        touched = touched | more


def _parent(definition: str) -> str:
    """The table that a foreign key points to."""
    found = re.search(r"references\s+(.+?)\s*\(", definition, re.IGNORECASE)
    name = re.sub(r'["`]', "", found[1]).lower() if found else ""
    return name.rpartition(".")[2]


def not_the_plans(ledger: Ledger, alone: Alone) -> Ledger:
    """Return a ledger in which nothing that happened to what a plan left `alone` is its loss: others have
    written there meanwhile."""
    entries = tuple(_without_theirs(entry, alone) for entry in ledger.entries)
    objects = ledger.objects_lost, ledger.objects_gained
    rest = concluded(entries, *objects, ledger.set_back, ledger.settings_lost)
    return replace(rest, settings_gained=ledger.settings_gained)


def _without_theirs(entry: Entry, alone: Alone) -> Entry:
    """A table without what others did. A column that is gone is no doing of theirs, nor hidden here."""
    ours = alone.get(entry.table)
    is_there = entry.rows_before is not None and entry.rows_after is not None
    if ours is None or not is_there or entry.verdict == "identical":
        return entry
    if entry.is_history_gone or any(
        c.non_null_after is None or c.verdict == "lost" for c in entry.columns
    ):
        return entry
    earlier = {c.name.lower() for c in entry.columns if c.verdict != "added"}
    if entry.mixed and ours & earlier:
        return entry  # whose doing it was cannot be told of a column
    columns = tuple(_judged(column, ours) for column in entry.columns)
    changed = [c.name for c in columns if c.verdict == "changed"]
    if columns == entry.columns and not (entry.rows_lost or entry.history_lost or entry.mixed):
        return entry
    counted = ", ".join(entry.sentence.split(", ")[:2])
    plans = f"values changed in {', '.join(changed)}, the rest" if changed else "changed"
    return replace(
        entry,
        verdict="changed" if changed else "identical",
        columns=columns,
        sentence=f"{counted}, {plans} by others meanwhile and not by the plan",
        rows_lost=0,
        history_lost=0,
        mixed=False,
        untold=False,
        by_others=True,
    )


def _judged(column: ColumnEntry, ours: frozenset[str]) -> ColumnEntry:
    """A column of a table that others have changed: what is not known of it may have been the plan."""
    if column.verdict == "added" or (column.name.lower() in ours and column.verdict != "unknown"):
        return column
    return replace(column, verdict="changed" if column.name.lower() in ours else "identical")
