"""concurrent: what a statement that PostgreSQL runs outside of any transaction has done.

CREATE INDEX, DROP INDEX and REINDEX CONCURRENTLY are several transactions each: one that is
interrupted or fails leaves an index that is not valid. Every other such statement (VACUUM, CLUSTER)
changes nothing in the schema, and may be executed again.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.engine import Connection

from console.schema.invalid_index import InvalidIndex, read_invalid_indexes
from console.schema.journal import fingerprint
from console.schema.record import Record

NAME = r'((?:"(?:[^"]|"")*"|[\w$.])+)'
COMMENT = re.compile(r"\s+|--[^\n]*(?:\n|$)|/\*.*?\*/", re.DOTALL)
CREATE = re.compile(
    rf"CREATE (?:UNIQUE )?INDEX CONCURRENTLY (IF NOT EXISTS )?(?:(?!ON ){NAME} )?ON (?:ONLY )?{NAME}",
    re.IGNORECASE,
)
DROP = re.compile(rf"DROP INDEX CONCURRENTLY (?:IF EXISTS )?{NAME}", re.IGNORECASE)
REINDEX = re.compile(r"REINDEX\b", re.IGNORECASE)
REBUILT = re.compile(r"_cc(new|old)\d*$")  # what REINDEX calls its new and its old index
PATIENT = re.compile(r"(CREATE|DROP|REINDEX|ALTER)\b.* CONCURRENTLY\b|VACUUM\b(?!.*\bFULL\b)", re.I)
INDEXES = "SELECT i.indexrelid::bigint, i.indisvalid, x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid"

State = Literal["done", "missing", "broken"]


@dataclass(frozen=True)
class Concurrent:
    """A statement in which an index is built, dropped or built anew; `name` and `table` are "" where
    it does not say them."""

    verb: Literal["create", "drop", "reindex", "other"]
    name: str = ""
    table: str = ""

    def left(self, index: InvalidIndex, before: dict[str, bool]) -> bool:
        """Whether an invalid index is what this statement left: one that was not invalid `before` it,
        and that it is about."""
        if before.get(str(index.oid)) is False:
            return False
        if self.verb == "create" and not self.name:
            return bare(self.table) == index.table.rpartition(".")[2]
        if self.verb == "reindex":
            return bool(REBUILT.search(index.name))
        return self.verb != "other" and bare(self.name) == index.name


def parse(sql: str) -> Concurrent:
    """Return what a statement does to which index."""
    text = flat(sql)
    if found := CREATE.match(text):
        return Concurrent("create", found[2] or "", found[3])
    if found := DROP.match(text):
        return Concurrent("drop", found[1])
    return Concurrent("reindex" if REINDEX.match(text) else "other")


def is_patient(sql: str) -> bool:
    """Whether a statement may wait long for a lock: nobody who reads or writes queues up behind it."""
    return bool(PATIENT.match(flat(sql)))


def flat(sql: str) -> str:
    """Return a statement on one line, without comments."""
    return COMMENT.sub(" ", sql).strip()


def bare(name: str) -> str:
    """Return a name as the catalogue has it: without its schema and its quotation marks."""
    last = re.findall(r'"(?:[^"]|"")*"|[\w$]+', name)[-1] if name else ""
    return last[1:-1].replace('""', '"') if last.startswith('"') else last.lower()


def indexes_now(raw: Any) -> str:
    """Return every index and whether it is valid, as JSON: what a record keeps as its details."""
    cursor = raw.cursor()
    try:
        cursor.execute(INDEXES)
        return json.dumps({str(oid): valid for oid, valid, _ in cursor.fetchall()})
    finally:
        cursor.close()


def judge(connection: Connection, record: Record) -> tuple[State, tuple[InvalidIndex, ...]]:
    """Return what became of a statement that was started, and the indexes that it left invalid.

    "broken" is executed again as "missing" is, once these are gone; a DROP INDEX drops them itself.
    """
    statement, before = parse(record.statement), json.loads(record.details)
    invalid = read_invalid_indexes(connection)
    left = tuple(index for index in invalid if statement.left(index, before))
    if left:
        return "broken", left
    if statement.verb == "create":
        now = connection.exec_driver_sql(INDEXES).all()
        made = {name for oid, valid, name in now if valid and str(oid) not in before}
        is_done = bare(statement.name) in made if statement.name else bool(made)
        return ("done" if is_done else "missing"), ()
    is_done = record.fingerprint != fingerprint(connection)
    return ("done" if is_done else "missing"), ()
