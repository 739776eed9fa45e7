"""Rules about columns on PostgreSQL: what rewrites or reads the whole table under a lock."""

# ruff: noqa: S608 - the SQL is text to show, never executed

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.clauses import (
    added_columns,
    clauses,
    defined_columns,
    promised,
    sentences,
    sized,
    type_in,
    type_text,
)
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import (
    NEXT,
    add_column,
    execute,
    expand,
    named_in,
    plain,
    quoter,
    require_on_postgresql,
    schema,
)
from console.hazards.stable import STABLE
from console.hazards.types import SqlType, is_within, sql_type
from console.hazards.words import NAME

POSTGRESQL = ("postgresql",)
DEFAULT = re.compile(
    r"\bDEFAULT (.+?)(?= (?:NOT NULL|NULL|PRIMARY KEY|UNIQUE|REFERENCES|CHECK|CONSTRAINT|COLLATE)\b|$)",
    re.IGNORECASE,
)
STRING = re.compile(r"'(?:[^']|'')*'")
CALL = re.compile(r"\b([a-z_]\w*)\(", re.IGNORECASE)
SERIAL = re.compile(r"^(?:SMALL|BIG)?SERIAL\d?\b|\bAS IDENTITY\b", re.IGNORECASE)
STORED = re.compile(r"\bGENERATED ALWAYS AS \((.*)\) STORED\b", re.IGNORECASE)
CHANGE_TYPE = re.compile(
    rf"^ALTER (?:COLUMN )?{NAME} (?:SET DATA )?TYPE (.+?)(?: USING (.*))?$", re.IGNORECASE
)
RENAMED_TYPE = re.compile(rf"^ALTER TYPE {NAME} RENAME TO ", re.IGNORECASE)
SET_NOT_NULL = re.compile(rf"^ALTER (?:COLUMN )?{NAME} SET NOT NULL$", re.IGNORECASE)
JSON = re.compile(r"^JSON\b(?!B)", re.IGNORECASE)


@rule(
    "volatile-default",
    "error",
    "PostgreSQL computes such a default anew for every row, so it rewrites the whole table and all "
    "its indexes while nobody else can even read it.",
    instead="Add the column without it, set the default, and fill in the rows in batches.",
    databases=POSTGRESQL,
)
def volatile_default(evidence: Evidence) -> Iterator[Finding]:
    """Columns added with a default that calls a function which may give another value each time."""
    for clause, column, definition in added_columns(evidence):
        found = DEFAULT.search(definition)
        calls = CALL.findall(STRING.sub("''", found[1])) if found else []
        volatile = [name for name in calls if name.lower() not in STABLE | {"nextval"}]
        if found is None or not volatile:
            continue
        table, q = clause.table, quoter(evidence)
        yield sized(
            evidence,
            clause.revision,
            table,
            f"{table}.{column}",
            f"The default {found[1]} of the new column {column} rewrites every row of {table}.",
            f"{_bare_column(evidence, table, column, definition)}\n"
            f"{execute(f'ALTER TABLE {q(table)} ALTER COLUMN {q(column)} SET DEFAULT {found[1]}')}\n"
            f"{_filled(evidence, table, column, found[1], definition)}",
        )


def _bare_column(evidence: Evidence, table: str, column: str, definition: str) -> str:
    """What adds the column with its type alone."""
    q = quoter(evidence)
    return execute(f"ALTER TABLE {q(table)} ADD COLUMN {q(column)} {type_text(definition)}")


def _filled(evidence: Evidence, table: str, column: str, value: str, definition: str) -> str:
    """What fills a new column in later revisions, and makes it required where it has to be."""
    q = quoter(evidence)
    code = (
        f"{NEXT}\n# in batches by the key where there are many rows\n"
        f"{execute(f'UPDATE {q(table)} SET {q(column)} = {value} WHERE {q(column)} IS NULL')}"
    )
    if not re.search(r"\bNOT NULL\b", definition, re.IGNORECASE):
        return code
    return f"{code}\n{NEXT}\n{require_on_postgresql(evidence, table, column)}"


@rule(
    "add-serial",
    "error",
    "Every row gets a number of its own, so PostgreSQL rewrites the whole table and all its indexes "
    "while nobody else can even read it.",
    instead="Add a plain column, make a sequence its default, and number the rows in batches.",
    databases=POSTGRESQL,
)
def add_serial(evidence: Evidence) -> Iterator[Finding]:
    """SERIAL and identity columns added to a table that was there."""
    for clause, column, definition in added_columns(evidence):
        if not SERIAL.search(definition) and "nextval(" not in definition.lower():
            continue
        table = clause.table
        yield sized(
            evidence,
            clause.revision,
            table,
            f"{table}.{column}",
            f"The new column {column} numbers, and so rewrites, every row of {table}.",
            _numbered(evidence, table, column, definition),
        )


def _numbered(evidence: Evidence, table: str, column: str, definition: str) -> str:
    """A plain column whose default is a sequence."""
    q, name = quoter(evidence), f"{plain(table)}_{plain(column)}_seq"
    number = f"nextval('{name}')"
    return "\n".join(
        [
            add_column(table, column, "BIGINT"),
            execute(f"CREATE SEQUENCE {name} OWNED BY {q(table)}.{q(column)}"),
            execute(f"ALTER TABLE {q(table)} ALTER COLUMN {q(column)} SET DEFAULT {number}"),
            _filled(evidence, table, column, number, definition),
        ]
    )


@rule(
    "add-stored-generated",
    "error",
    "A stored value is computed for every row, so PostgreSQL rewrites the whole table and all its "
    "indexes while nobody else can even read it.",
    instead="Add a plain column that a trigger keeps, and fill in the rows in batches.",
    databases=POSTGRESQL,
)
def add_stored_generated(evidence: Evidence) -> Iterator[Finding]:
    """Stored generated columns added to a table that was there."""
    for clause, column, definition in added_columns(evidence):
        found = STORED.search(definition)
        if found:
            table = clause.table
            yield sized(
                evidence,
                clause.revision,
                table,
                f"{table}.{column}",
                f"The new column {column} is computed for, and so rewrites, every row of {table}.",
                _kept(evidence, table, column, definition, found[1]),
            )


def _kept(evidence: Evidence, table: str, column: str, definition: str, value: str) -> str:
    """A plain column that a trigger computes."""
    q, name = quoter(evidence), f"{plain(table)}_{plain(column)}_kept"
    body = f"BEGIN NEW.{q(column)} := (SELECT {value} FROM (SELECT NEW.*) AS row); RETURN NEW; END"
    return "\n".join(
        [
            _bare_column(evidence, table, column, definition),
            execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"),
            execute(
                f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {q(table)} "
                f"FOR EACH ROW EXECUTE FUNCTION {name}()"
            ),
            _filled(evidence, table, column, value, definition),
        ]
    )


@rule(
    "change-type",
    "error",
    "Unless every old value is a new one as it stands, PostgreSQL rewrites the whole table and all "
    "its indexes while nobody else can even read it.",
    instead="Add a column of the new type, keep both in step, copy in batches, and drop the old one "
    "later.",
    databases=POSTGRESQL,
)
def change_type(evidence: Evidence) -> Iterator[Finding]:
    """Changes of a type that are no mere widening."""
    for clause in clauses(evidence):
        found = CHANGE_TYPE.match(clause.text)
        if found is None:
            continue
        table, column, q = clause.table, plain(found[1]), quoter(evidence)
        before = evidence.type_before(table, column)
        old, new = sql_type(before), type_in(found[2])
        is_another = _is_another(evidence, found[2])
        if old and new and _is_kept(old, new) and not is_another:
            continue
        was = f" and was {before}" if before and not is_another else ""
        # PostgreSQL 12 and later keep the rows where both mean the same.
        is_moment = old is not None and new is not None and old.family == new.family == "moment"
        but = ", unless the session's time zone is UTC" if is_moment else ""
        yield sized(
            evidence,
            clause.revision,
            table,
            f"{table}.{column}",
            f"{column} of {table} becomes {found[2]}{was}: every row is rewritten{but}.",
            expand(
                evidence,
                table,
                column,
                f"{column}_new",
                found[2],
                found[3] or f"CAST({q(column)} AS {found[2]})",
            ),
        )


def _is_another(evidence: Evidence, kind: str) -> bool:
    """Whether a type is not the one that had its name before the plan, which calls that otherwise."""
    renamed = (RENAMED_TYPE.match(sentence.text) for sentence in sentences(evidence))
    return any(found and found[1].lower() == kind.lower() for found in renamed)


def _is_kept(old: SqlType, new: SqlType) -> bool:
    """Whether PostgreSQL keeps the rows as they are."""
    if (old.name, old.size, old.places) == (new.name, new.size, new.places):
        return True
    if {old.name, new.name} <= {"VARCHAR", "TEXT", "CHARACTER VARYING"}:
        return is_within(new.size, old.size)
    if old.family == new.family == "exact":
        is_same_scale = new.size is None or old.places == new.places
        return is_same_scale and is_within(new.size, old.size)
    return (
        old.name == new.name and old.family in ("moment", "time") and is_within(new.size, old.size)
    )


@rule(
    "set-not-null-scan",
    "error",
    "PostgreSQL reads the whole table for a NULL while nobody else can even read it, unless a "
    "validated CHECK has promised already that there is none.",
    instead="Add CHECK (… IS NOT NULL) NOT VALID, validate it in the next revision, then set NOT NULL.",
    databases=POSTGRESQL,
)
def set_not_null_scan(evidence: Evidence) -> Iterator[Finding]:
    """NOT NULL for a column without such a promise."""
    for clause in clauses(evidence):
        found = SET_NOT_NULL.match(clause.text)
        if found is None or _is_promised(evidence, clause.table, found[1]):
            continue
        table, column = clause.table, plain(found[1])
        if evidence.is_required(table, column):
            continue  # PostgreSQL knows that already
        yield sized(
            evidence,
            clause.revision,
            table,
            f"{table}.{column}",
            f"All of {table} is read for a NULL in {column} under the lock.",
            require_on_postgresql(evidence, table, column),
        )


def _is_promised(evidence: Evidence, table: str, column: str) -> bool:
    """Whether a validated CHECK says that a column is not NULL: one that was there, or one that the
    plan validates."""
    promise = re.compile(rf'\b"?{re.escape(column.strip(chr(34)))}"? IS NOT NULL\b', re.IGNORECASE)
    return any(promise.search(check) for check in promised(evidence, table))


@rule(
    "json-column",
    "warning",
    "A json column has no equality, so that DISTINCT, GROUP BY and UNION fail on it, and no index.",
    instead="Use jsonb, unless the text has to be kept as it was written.",
    databases=POSTGRESQL,
)
def json_column(evidence: Evidence) -> Iterator[Finding]:
    """New columns of the type json."""
    for revision, table, column, definition in defined_columns(evidence):
        if JSON.match(definition):
            yield Finding(
                revision,
                f"{table}.{column}",
                f"{column} of {table} is json.",
                "from sqlalchemy.dialects import postgresql\n"
                f'op.add_column({named_in(table)}, sa.Column("{column}", postgresql.JSONB){schema(table)})',
            )
