"""inquiry: asks a live database the questions of probes, without being a burden to it."""

# ruff: noqa: S608 - every name is bound, and the rest is ours

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql import Select, TableClause
from sqlalchemy.sql.expression import ColumnClause

from console.schema.connection import read_only
from console.schema.errors import SchemaError
from console.schema.flavour import MARIADB, flavour_of
from console.schema.probe import Probe, Question
from console.schema.sqltext import tokens
from console.schema.target import Target

ANSWER_SECONDS = 5.0  # a question that takes longer goes unanswered
ALL_SECONDS = 30.0  # nor is a plan worth more of its database's time
COUNTED_ROWS = 100_000  # whether it is this many or more decides nothing
ONE: ColumnClause[Any] = sa.literal_column("1")
INSTRUCTIONS = 10_000  # of SQLite, between two looks at the clock


class Inquiry:
    """Asks a target's database, each question once: calling it with one gives the Probe.

    Every question has a read-only connection of its own, a time limit, and a limit to what is
    counted; all of them together have one too. Never raises for what the database says: an answer is then None.
    """

    def __init__(
        self, target: Target, *, seconds: float = ANSWER_SECONDS, budget: float = ALL_SECONDS
    ) -> None:
        self.target, self.seconds, self.budget = target, seconds, budget
        self._known: dict[Question, Probe] = {}

    def __call__(self, question: Question) -> Probe:
        """Return the answer, now or as it was given before."""
        if question not in self._known:
            self._known[question] = self._ask(question)
        return self._known[question]

    def _ask(self, question: Question) -> Probe:
        if self.budget <= 0:
            return Probe(question, None, now(), problem="the questions before took too long")
        begun = time.monotonic()
        try:
            with read_only(self.target) as connection:
                if connection is None:
                    return Probe(question, None, now(), problem="there is no database yet")
                limit_time(connection, self.seconds)
                answer = put(connection, question)
                with suppress(SQLAlchemyError):  # then a greater answer will pass for a worse one
                    return with_rows(connection, answer)
                return answer
        except (SQLAlchemyError, SchemaError) as error:
            return Probe(question, None, now(), problem=reason_of(error))
        finally:
            self.budget -= time.monotonic() - begun


def put(connection: Connection, question: Question) -> Probe:
    """Return the answer that the database behind a connection gives now.

    Raises SQLAlchemy's errors: for a table that is not there, or an answer that takes too long.
    """
    exact = _exact(connection, question)
    if question.kind in OF_CATALOGUE:
        asked = OF_CATALOGUE[question.kind](connection, exact)
        answer = connection.execute(asked).scalar() if asked is not None else None
    elif not _is_condition(question.condition):
        return Probe(question, None, now(), problem="it is no condition")
    else:
        answer = connection.execute(statement_of(exact, connection.dialect.name)).scalar()
    if answer is None and question.kind not in ("longest", "bytes", "largest"):
        return Probe(question, None, now(), problem="the database does not say")
    counted = question.kind in ("nulls", "duplicates", "orphans", "violators", "fractions")
    number = math.ceil(answer or 0)
    return Probe(question, number, now(), is_capped=counted and number >= COUNTED_ROWS)


def with_rows(connection: Connection, probe: Probe) -> Probe:
    """Return an answer with the number of rows that its table has now, where it grows with them.

    Raises SQLAlchemy's errors.
    """
    if not probe.question.grows or not probe.answer:
        return probe
    rows = _exact(connection, Question("rows", probe.question.table))
    everything = statement_of(rows, connection.dialect.name)
    return replace(probe, rows=int(connection.execute(everything).scalar_one()))


def limit_time(connection: Connection, seconds: float) -> None:
    """End every statement of this transaction that takes longer."""
    dialect: Any = connection.dialect
    if dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
    elif dialect.name in ("mysql", "mariadb"):
        connection.exec_driver_sql(flavour_of(connection).limit(seconds))
    elif dialect.name == "sqlite":
        raw: Any = connection.connection.dbapi_connection
        end = time.monotonic() + seconds
        raw.set_progress_handler(lambda: int(time.monotonic() > end), INSTRUCTIONS)


def statement_of(question: Question, dialect: str) -> Select[Any]:
    """Return the SELECT whose one number answers a question (any but that for the size)."""
    table = _table(question.table, dialect, question.columns)
    columns = list(table.c)
    if question.kind == "rows":
        return sa.select(sa.func.count()).select_from(table)
    if question.kind == "values":
        return sa.select(sa.func.count(columns[0]))
    if question.kind == "longest":
        length = sa.func.length if dialect == "sqlite" else sa.func.char_length
        return sa.select(sa.func.max(length(columns[0])))
    if question.kind == "bytes":
        stored = sa.cast(columns[0], sa.LargeBinary) if dialect == "sqlite" else columns[0]
        octets = sa.func.length if dialect == "sqlite" else sa.func.octet_length
        return sa.select(sa.func.max(octets(stored)))
    if question.kind == "largest":
        return sa.select(sa.func.max(sa.func.abs(columns[0])))
    found: Select[Any] = sa.select(ONE).select_from(table)
    if question.kind == "nulls":
        found = found.where(sa.or_(*(column.is_(None) for column in columns)))
    elif question.kind == "duplicates":
        if not question.counts_null:
            found = found.where(*(column.is_not(None) for column in columns))
        if question.condition:
            found = found.where(_condition(f"({question.condition})"))
        found = found.group_by(*columns).having(sa.func.count() > 1)
    elif question.kind == "orphans":
        found = _orphans(question, dialect)
    elif question.kind == "violators":
        found = found.where(_condition(f"NOT ({question.condition})"))
    else:
        exact: Any = columns[0]
        if dialect == "postgresql":  # which rounds no other numbers to decimal places
            exact = sa.cast(columns[0], sa.Numeric)
        found = found.where(exact != sa.func.round(exact, question.places))
    return sa.select(sa.func.count()).select_from(found.limit(COUNTED_ROWS).subquery())


def _orphans(question: Question, dialect: str) -> Select[Any]:
    """The rows that point to no row of the referent."""
    child = _table(question.table, dialect, question.columns).alias("console_child")
    parent = _table(question.referent, dialect, question.remote_columns).alias("console_parent")
    pairs = list(zip(question.columns, question.remote_columns, strict=True))
    found = sa.select(ONE).where(*(parent.c[remote] == child.c[own] for own, remote in pairs))
    filled = [child.c[own].is_not(None) for own, _ in pairs]
    broken = sa.and_(*filled, ~found.correlate(child).exists())
    if question.is_full:
        broken = sa.or_(broken, sa.and_(sa.or_(*filled), sa.not_(sa.and_(*filled))))
    return sa.select(ONE).select_from(child).where(broken)


def _is_condition(text: str) -> bool:
    """Whether a condition is surely that and no more: a semicolon may stand in a plain string only."""
    if ";" not in text:
        return True
    is_plain = not any(sign in text for sign in ("\\", "$", "--", "/*", "#"))
    return is_plain and all(token != ("sign", ";") for token in tokens(text))


def _condition(text: str) -> Any:
    """SQL as it is written: what looks like a bind in it is none."""
    return sa.text(text.replace(":", r"\:"))


def _table(name: str, dialect: str, columns: tuple[str, ...] = ()) -> TableClause:
    """A table by its name; "schema.name" on servers."""
    schema, plain = _place(name) if dialect != "sqlite" else (None, name)
    return sa.table(plain, *(sa.column(column) for column in columns), schema=schema)


def _size(connection: Connection, question: Question) -> Any:
    """What asks for the bytes of a table, with those of its partitions."""
    if connection.dialect.name == "postgresql":
        return sa.text(
            "SELECT CASE WHEN to_regclass(:name) IS NOT NULL THEN pg_table_size(to_regclass(:name)) "
            "+ coalesce((SELECT sum(pg_table_size(relid)) FROM pg_partition_tree(to_regclass(:name)) "
            "WHERE level > 0), 0) END"
        ).bindparams(name=_regclass(question.table))
    if connection.dialect.name in ("mysql", "mariadb"):
        return sa.text(
            "SELECT data_length FROM information_schema.tables "
            f"WHERE {_OF_MYSQL.format(schema='table_schema', table='table_name')}"
        ).bindparams(**_parts(question.table))
    return sa.text("SELECT sum(pgsize) FROM dbstat WHERE name = :name").bindparams(
        name=question.table
    )


def _invalid(connection: Connection, question: Question) -> Any:
    """What counts the invalid indexes of a table; a partitioned index is not one of them."""
    if connection.dialect.name != "postgresql":
        return None
    return sa.text(
        "SELECT count(*) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid "
        "WHERE i.indrelid = to_regclass(:name) AND NOT i.indisvalid AND x.relkind = 'i'"
    ).bindparams(name=_regclass(question.table))


def _inbound(connection: Connection, question: Question) -> Any:
    """What counts the foreign keys that point to a table from others."""
    if connection.dialect.name == "postgresql":
        return sa.text(
            "SELECT CASE WHEN to_regclass(:name) IS NOT NULL THEN (SELECT count(*) FROM pg_constraint "
            "WHERE contype = 'f' AND confrelid = to_regclass(:name) AND conrelid <> confrelid "
            "AND conparentid = 0) END"
        ).bindparams(name=_regclass(question.table))
    if connection.dialect.name in ("mysql", "mariadb"):
        here = _OF_MYSQL.format(schema="unique_constraint_schema", table="referenced_table_name")
        itself = _OF_MYSQL.format(schema="constraint_schema", table="table_name")
        return sa.text(
            "SELECT count(*) FROM information_schema.referential_constraints "
            f"WHERE {here} AND NOT ({itself})"
        ).bindparams(**_parts(question.table))
    return sa.text(
        "SELECT count(DISTINCT m.name || ' ' || f.id) FROM sqlite_master AS m, "
        "pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' "
        'AND lower(f."table") = lower(:name) AND lower(m.name) <> lower(:name)'
    ).bindparams(name=question.table)


def _versions(connection: Connection, question: Question) -> Any:
    """What asks how many more changes a table would have than MySQL makes at once: 64 of them before it is
    made anew, from MySQL 9.1 on 255. MariaDB has no such limit."""
    if connection.dialect.name not in ("mysql", "mariadb") or flavour_of(connection) is MARIADB:
        return None
    return sa.text(
        "SELECT greatest(total_row_versions + :changes - "
        "if(cast(substring_index(version(), '.', 2) AS decimal(6, 2)) >= 9.1, 255, 64), 0) "
        "FROM information_schema.innodb_tables "
        "WHERE name = concat(coalesce(:schema, database()), '/', :name)"
    ).bindparams(**_parts(question.table), changes=question.changes)


def _blockers(connection: Connection, question: Question) -> Any:
    """What counts the other sessions that a change of the table waits for. MariaDB and MySQL tell
    to few which table a session has used: there it is every one with an open transaction that is at
    home in this database; SQLite has none."""
    if connection.dialect.name == "postgresql":
        return sa.text(
            "SELECT CASE WHEN to_regclass(:name) IS NOT NULL THEN "
            "(SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'relation' AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND relation = to_regclass(:name) AND pid <> pg_backend_pid()) END"
        ).bindparams(name=_regclass(question.table))
    if connection.dialect.name in ("mysql", "mariadb"):
        return sa.text(
            "SELECT count(*) FROM information_schema.innodb_trx JOIN information_schema.processlist p "
            "ON p.id = trx_mysql_thread_id WHERE p.db = database() AND p.id <> connection_id()"
        )
    return None


OF_CATALOGUE: dict[str, Callable[[Connection, Question], Any]] = {
    "size": _size,
    "invalid": _invalid,
    "inbound": _inbound,
    "versions": _versions,
    "blockers": _blockers,
}
_OF_MYSQL = "{schema} = coalesce(:schema, database()) AND {table} = :name"


def _exact(connection: Connection, question: Question) -> Question:
    """A question whose tables are in quotes where a dot is part of their names, and no schema's."""
    if connection.dialect.name == "sqlite":  # which has no schemas here
        return question
    table, referent = (
        f'"{name}"' if "." in name and sa.inspect(connection).has_table(name) else name
        for name in (question.table, question.referent)
    )
    return replace(question, table=table, referent=referent)


def _place(name: str) -> tuple[str | None, str]:
    """The schema of a name, None for the current one, and the rest of it."""
    if name.startswith('"') and name.endswith('"'):
        return None, name[1:-1]
    schema, _, plain = name.rpartition(".")
    return schema or None, plain


def _parts(name: str) -> dict[str, str | None]:
    """Both as what a statement is given."""
    schema, plain = _place(name)
    return {"schema": schema, "name": plain}


def _regclass(name: str) -> str:
    """A table's name as to_regclass takes it."""
    parts = [part.replace('"', '""') for part in _place(name) if part]
    return ".".join(f'"{part}"' for part in parts)


def reason_of(error: Exception) -> str:
    """Return the first line of what a database said."""
    original = getattr(error, "orig", None) or error
    return (str(original).strip().splitlines() or [type(original).__name__])[0]


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)
