"""mariadb_settings: for whom things of a MariaDB or MySQL database act, and who may use them.

Rights are the server's, by the names of databases and tables: a copy of a database has none. Those of
routines are not read: MariaDB keeps them in a table after which a transaction takes no SAVEPOINT.
"""

from __future__ import annotations

from sqlalchemy.engine import Connection

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
"""


def settings_of(connection: Connection) -> tuple[Setting, ...]:
    """Return the rights of the database, its tables and columns, as far as we may read them,
    and the definers of what acts for somebody."""
    found = []
    for kind, name, what, holder, is_grantable in connection.exec_driver_sql(SETTINGS):
        if what == "its definer":
            what, holder = f"its definer {holder}", ""
        found.append(Setting(kind, name, what, holder))
        if is_grantable == "YES":
            found.append(Setting(kind, name, f"granting of {what}", holder))
    return tuple(found)
