"""journals: the journal of the database of a job, and what became of a statement that it left open."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from console.schema import mariadb_journal, postgresql_journal
from console.schema.capture import Capture
from console.schema.concurrent import State, judge
from console.schema.job import Job
from console.schema.journal import Journal
from console.schema.mariadb_journal import MariaDBJournal, was_executed
from console.schema.postgresql_journal import PostgreSQLJournal
from console.schema.record import Record

JOURNALS: dict[str, type[Journal]] = {
    "postgresql": PostgreSQLJournal,
    "mysql": MariaDBJournal,
    "mariadb": MariaDBJournal,
}


def journal_of(job: Job, capture: Capture) -> Journal | None:
    """Return the journal of a job, or None for one that keeps none."""
    return JOURNALS[job.target.parsed_url.get_backend_name()](job, capture) if job.run else None


def outcome_of(connection: Connection, record: Record) -> tuple[State, tuple[str, ...]]:
    """Return what became of a statement that was started and did not say that it is done, and the
    indexes that it left invalid. Its session must be gone."""
    if connection.dialect.name != "postgresql":
        return ("done" if was_executed(connection, record) else "missing"), ()
    state, left = judge(connection, record)
    return state, tuple(map(str, left))


def is_numbered(backend: str, sql: str) -> bool:
    """Whether a journal on that database has a row for a statement outside of autocommit blocks."""
    if backend == "postgresql":
        return postgresql_journal.kind_of(sql) == "rows"
    return mariadb_journal.kind_of(sql) != "other"
