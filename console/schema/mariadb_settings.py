"""mariadb_settings: for whom things of a MariaDB or MySQL database act, who may use them, and comments.

Rights are the server's, by the names of databases and tables: a copy of a database has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError

from console.schema.driver import engine_of
from console.schema.setting import Setting

SETTINGS = """
SELECT 'table', table_name, privilege_type, grantee, is_grantable
FROM information_schema.table_privileges WHERE table_schema = database()
UNION ALL SELECT 'column', concat(table_name, '.', column_name), privilege_type, grantee, is_grantable
FROM information_schema.column_privileges WHERE table_schema = database()
UNION ALL SELECT 'database', '', privilege_type, grantee, is_grantable
FROM information_schema.schema_privileges WHERE database() LIKE table_schema
UNION ALL SELECT 'view', table_name, 'its definer', definer, ''
FROM information_schema.views WHERE table_schema = database()
UNION ALL SELECT 'trigger', trigger_name, 'its definer', definer, ''
FROM information_schema.triggers WHERE trigger_schema = database()
UNION ALL SELECT lower(routine_type), routine_name, 'its definer', definer, ''
FROM information_schema.routines WHERE routine_schema = database()
UNION ALL SELECT 'event', event_name, 'its definer', definer, ''
FROM information_schema.events WHERE event_schema = database()
UNION ALL SELECT 'event', event_name, concat('the state ', status), '', ''
FROM information_schema.events WHERE event_schema = database()
UNION ALL SELECT 'database', '', concat('the collation ', default_collation_name), '', ''
FROM information_schema.schemata WHERE schema_name = database()
UNION ALL SELECT 'table', table_name, 'its comment', '', '' FROM information_schema.tables
WHERE table_schema = database() AND table_comment <> '' AND table_type NOT IN ('VIEW', 'SEQUENCE')
UNION ALL SELECT 'column', concat(table_name, '.', column_name), 'its comment', '', ''
FROM information_schema.columns WHERE table_schema = database() AND column_comment <> ''
UNION ALL SELECT DISTINCT 'index', concat(index_name, ' of ', table_name),
       if(index_comment = '', '', 'its comment'), '', ''
FROM information_schema.statistics WHERE table_schema = database()
UNION ALL SELECT lower(routine_type), routine_name, 'its comment', '', ''
FROM information_schema.routines WHERE routine_schema = database() AND routine_comment <> ''
UNION ALL SELECT 'event', event_name, 'its comment', '', ''
FROM information_schema.events WHERE event_schema = database() AND event_comment <> ''
"""
ROUTINES = """
SELECT lower(routine_type), routine_name, upper(proc_priv), concat(quote(user), '@', quote(host))
FROM mysql.procs_priv WHERE db = database()
"""


def settings_of(connection: Connection) -> tuple[Setting, ...]:
    """Return the rights of the database, its tables, columns and routines, as far as we may read them,
    the definers of what acts for somebody, and what has a comment."""
    found = []
    for kind, name, what, holder, is_grantable in connection.exec_driver_sql(SETTINGS):
        if what == "its definer":
            what, holder = f"its definer {holder}", ""
        found.append(Setting(kind, name, what, holder))
        if is_grantable == "YES":
            found.append(Setting(kind, name, f"granting of {what}", holder))
    if any(each.kind in ("function", "procedure") for each in found):
        found += _of_routines(connection.engine.url)
    return tuple(found)


def _of_routines(url: URL) -> Iterator[Setting]:
    """The rights on routines; none where we may not ask for those of others. By a connection of its own:
    MariaDB keeps them in a table after which a transaction takes no SAVEPOINT."""
    with suppress(DBAPIError), engine_of(url).connect() as other:
        for kind, name, said, holder in other.exec_driver_sql(ROUTINES):
            rights = set(said.split(",") if isinstance(said, str) else said) - {""}
            for right in sorted(rights - {"GRANT"}):
                yield Setting(kind, name, right, holder)
                if "GRANT" in rights:
                    yield Setting(kind, name, f"granting of {right}", holder)
