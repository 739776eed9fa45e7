"""leftovers: the tables that an interrupted batch operation forgot, and what to do about each."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection, inspect

from console.schema.catalogue import Catalogue
from console.schema.connection import read_only
from console.schema.driver import engine_of
from console.schema.errors import RunError
from console.schema.table import Part
from console.schema.target import Target

TEMPORARY = "_alembic_tmp_"
INVALID = "; invalid"  # what the catalogue of PostgreSQL says of such an index


@dataclass(frozen=True)
class Leftover:
    """A table that batch mode made. `is_only_copy` where the table that it was to replace is gone:
    then it holds the only copy of the rows."""

    name: str
    table: str
    rows: int
    is_only_copy: bool


def find_leftovers(target: Target) -> tuple[Leftover, ...]:
    """Return the forgotten tables of a target's database, sorted; reads it and changes nothing."""
    with read_only(target) as connection:
        return () if connection is None else _find(connection)


def mend_leftover(target: Target, leftover: Leftover) -> None:
    """Drop a forgotten table, or give the only copy its own name back; in one transaction.

    RunError where the database is no longer as it was found.
    """
    engine = engine_of(target.parsed_url)
    quote = engine.dialect.identifier_preparer.quote
    try:
        with engine.begin() as connection:
            if target.parsed_url.get_backend_name() == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            if leftover not in _find(connection):
                raise RunError(f"{leftover.name} is not what it was; look again.")
            if leftover.is_only_copy:
                connection.exec_driver_sql(
                    f"ALTER TABLE {quote(leftover.name)} RENAME TO {quote(leftover.table)}"
                )
            else:
                connection.exec_driver_sql(f"DROP TABLE {quote(leftover.name)}")
    finally:
        engine.dispose()


def without_leftovers(catalogue: Catalogue) -> Catalogue:
    """Return a schema without the tables that batch mode forgot, and without the indexes that an
    interrupted concurrent build or removal left invalid."""
    tables = tuple(
        replace(table, parts=tuple(part for part in table.parts if not _is_invalid(part)))
        for table in catalogue.tables
        if not table.name.startswith(TEMPORARY)
    )
    return Catalogue(tables, catalogue.views)


def _is_invalid(part: Part) -> bool:
    return part.kind == "index" and part.definition.endswith(INVALID)


def _find(connection: Connection) -> tuple[Leftover, ...]:
    names = set(inspect(connection).get_table_names())
    quote = connection.dialect.identifier_preparer.quote
    found = []
    for name in sorted(name for name in names if name.startswith(TEMPORARY)):
        count = f"SELECT count(*) FROM {quote(name)}"  # noqa: S608 - a quoted name of its own
        rows = connection.exec_driver_sql(count).scalar_one()
        table = name.removeprefix(TEMPORARY)
        found.append(Leftover(name, table, rows, table not in names))
    return tuple(found)
