"""mariadb_grants: rights on a copy of a MariaDB or MySQL database, which outlive it.

They belong to a name, and the server keeps them when the database of that name is dropped: what a migration
grants while it is rehearsed is taken back, as far as the console's user may see and revoke it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.schema.mariadb_count import backquoted

GRANTED = """
SELECT grantee, '*' FROM information_schema.schema_privileges WHERE table_schema = %s
UNION SELECT grantee, table_name FROM information_schema.table_privileges WHERE table_schema = %s
UNION SELECT grantee, table_name FROM information_schema.column_privileges WHERE table_schema = %s
"""
ON_ROUTINES = """
SELECT DISTINCT concat(quote(user), '@', quote(host)), routine_type, routine_name FROM mysql.procs_priv
WHERE db = %s
"""
REVOKED = ("ALL PRIVILEGES", "GRANT OPTION")
OF_ROLE = "@''"  # ends what the server calls a role of MariaDB's, and nobody else


def revoke_all(connection: Connection, name: str) -> None:
    """Take back every right on a database and on what is, or was, in it."""
    for what, grantee in _granted(connection, name):
        for rights in REVOKED:
            with suppress(DBAPIError):  # there is no such right, or we may not take it
                connection.exec_driver_sql(f"REVOKE {rights} ON {what} FROM {grantee}")


def _granted(connection: Connection, name: str) -> Iterator[tuple[str, str]]:
    """On what there are rights, and who has them, as SQL has it."""
    database = backquoted(name)
    for grantee, table in connection.exec_driver_sql(GRANTED, (name, name, name)).all():
        what = "*" if table == "*" else _plain(backquoted(table))
        yield f"{database}.{what}", _plain(grantee.removesuffix(OF_ROLE))
    with suppress(DBAPIError):  # not everybody may ask for the rights of others
        for grantee, kind, routine in connection.exec_driver_sql(ON_ROUTINES, (name,)).all():
            what = f"{kind} {database}.{_plain(backquoted(routine))}"
            yield what, _plain(grantee.removesuffix(OF_ROLE))


def _plain(text: str) -> str:
    """A name in which the driver sees no parameter."""
    return text.replace("%", "%%")
