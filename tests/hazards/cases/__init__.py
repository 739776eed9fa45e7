"""cases: each rule on each database that it concerns, grouped like the rules."""

from tests.hazards.cases import (
    columns,
    constraints,
    files,
    locks,
    mariadb,
    postgresql,
    refusals,
    rows,
    sqlite,
    tables,
)
from tests.hazards.cases.case import Case

CASES: tuple[Case, ...] = (
    *tables.CASES,
    *columns.CASES,
    *constraints.CASES,
    *rows.CASES,
    *files.CASES,
    *sqlite.CASES,
    *postgresql.CASES,
    *locks.CASES,
    *mariadb.CASES,
    *refusals.CASES,
)


def cases_on(server: str) -> tuple[Case, ...]:
    """The cases of one kind of server, of which "mariadb" and "mysql" are one kind of database."""
    database = "mysql" if server == "mariadb" else server
    return tuple(c for c in CASES if database in c.on and c.server in ("", server))
