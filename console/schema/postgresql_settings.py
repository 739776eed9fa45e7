"""postgresql_settings: who owns what in a PostgreSQL database, who may use it, and how it is stored.

A copy by dump and restore has no owners and rights of its own; those are given to it by which the
rehearsal sees what a plan takes away from others.
"""

from __future__ import annotations

from sqlalchemy.engine import Connection

from console.schema.dialect import literal
from console.schema.postgresql_catalogue import NAME, OWN
from console.schema.postgresql_comments import OTHERS
from console.schema.setting import Setting

PLACE = "CASE WHEN n.nspname <> current_schema() THEN n.nspname || '.' END"
# What has an owner and rights; `given` is how GRANT names it, `is_plain` where nobody changed them, and
# the last two are the numbers by which its comment is known.
THINGS = f"""
SELECT CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'view' ELSE 'table' END,
       {NAME}, c.relowner,
       coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)),
       concat(CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END, c.oid::regclass),
       EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
               AND d.deptype IN ('a', 'i') AND c.relkind = 'S'), c.relacl IS NULL,
       'pg_class'::regclass, c.oid
FROM pg_class c {OWN} AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
UNION ALL SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
       concat({PLACE}, p.proname, '(', pg_get_function_identity_arguments(p.oid), ')'), p.proowner,
       coalesce(p.proacl, acldefault('f', p.proowner)), concat('ROUTINE ', p.oid::regprocedure), false, p.proacl IS NULL,
       'pg_proc'::regclass, p.oid
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS
  (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
   AND e.deptype IN ('e', 'i'))
UNION ALL SELECT 'schema', n.nspname, n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner)),
       concat('SCHEMA ', quote_ident(n.nspname)), false, n.nspacl IS NULL, 'pg_namespace'::regclass, n.oid
FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
UNION ALL SELECT 'type', concat({PLACE}, t.typname), t.typowner,
       coalesce(t.typacl, acldefault('T', t.typowner)), concat('TYPE ', t.oid::regtype), false, t.typacl IS NULL,
       'pg_type'::regclass, t.oid
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
  AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_type'::regclass
                  AND e.objid = t.oid AND e.deptype = 'e')
"""  # noqa: S608 - made of the constants above
WHO = "CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END"
WHOM = "CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END"
NEW = (
    "CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' "
    "WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END"
)
SETTINGS = f"""
WITH things (kind, name, owner, acl, given, is_owned, is_plain, class, oid) AS ({THINGS}),
grants (kind, name, what, holder, is_grantable) AS (
  SELECT t.kind, t.name, a.privilege_type, {WHO}, a.is_grantable
  FROM things t, aclexplode(t.acl) a WHERE a.grantee <> t.owner
  UNION ALL SELECT 'column', {NAME} || '.' || b.attname, a.privilege_type, {WHO}, a.is_grantable
  FROM pg_class c JOIN pg_attribute b ON b.attrelid = c.oid CROSS JOIN aclexplode(b.attacl) a {OWN}
  UNION ALL SELECT 'default', concat('for new ', CASE d.defaclobjtype WHEN 'r' THEN 'tables'
      WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' ELSE 'schemas' END,
      ' of ', pg_get_userbyid(d.defaclrole), ' in ' || n.nspname),
    a.privilege_type, {WHO}, a.is_grantable
  FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
  CROSS JOIN aclexplode(d.defaclacl) a WHERE a.grantee <> d.defaclrole
),
others (kind, name, class, oid) AS ({OTHERS})
SELECT kind, name, CASE WHEN is_owned THEN '' ELSE 'its owner ' || pg_get_userbyid(owner) END, ''
FROM things
UNION ALL SELECT kind, name, what, holder FROM grants
UNION ALL SELECT kind, name, 'granting of ' || what, holder FROM grants WHERE is_grantable
UNION ALL SELECT 'table', {NAME}, unnest(c.reloptions), '' FROM pg_class c {OWN}
  AND c.relkind IN ('r', 'p', 'm')
UNION ALL SELECT 'table', {NAME}, 'replica identity ' || CASE c.relreplident WHEN 'f' THEN 'full'
    WHEN 'n' THEN 'nothing' ELSE 'using an index' END, '' FROM pg_class c {OWN}
  AND c.relkind IN ('r', 'p') AND c.relreplident <> 'd'
UNION ALL SELECT 'table', {NAME}, 'clustering by ' || x.relname, '' FROM pg_index i
  JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid {OWN} AND i.indisclustered
UNION ALL SELECT 'column', {NAME} || '.' || b.attname, 'storage ' || CASE b.attstorage WHEN 'p' THEN 'plain'
    WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END, ''
  FROM pg_class c JOIN pg_attribute b ON b.attrelid = c.oid JOIN pg_type y ON y.oid = b.atttypid {OWN}
  AND c.relkind IN ('r', 'p', 'm') AND b.attnum > 0 AND b.attstorage <> y.typstorage
UNION ALL SELECT 'column', {NAME} || '.' || b.attname, 'statistics of ' || b.attstattarget, ''
  FROM pg_class c JOIN pg_attribute b ON b.attrelid = c.oid {OWN}
  AND c.relkind IN ('r', 'p', 'm') AND b.attnum > 0 AND b.attstattarget >= 0
UNION ALL SELECT kind, name, '', '' FROM others
UNION ALL SELECT 'column', {NAME} || '.' || b.attname, '', '' FROM pg_class c
  JOIN pg_attribute b ON b.attrelid = c.oid {OWN} AND c.relkind IN ('v', 'm', 'c') AND b.attnum > 0
UNION ALL SELECT k.kind, k.name, 'its comment', '' FROM pg_description d JOIN
  (SELECT kind, name, class, oid FROM things UNION ALL SELECT kind, name, class, oid FROM others) k
  ON d.classoid = k.class AND d.objoid = k.oid AND d.objsubid = 0
UNION ALL SELECT 'column', {NAME} || '.' || b.attname, 'its comment', '' FROM pg_description d
  JOIN pg_class c ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid
  JOIN pg_attribute b ON b.attrelid = c.oid AND b.attnum = d.objsubid {OWN}
UNION ALL SELECT 'database', '', 'its comment', '' FROM pg_shdescription d
  WHERE d.classoid = 'pg_database'::regclass
  AND d.objoid = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL SELECT 'database', '', unnest(s.setconfig), '' FROM pg_db_role_setting s
  WHERE s.setrole = 0 AND s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY 1, 2, 3, 4
"""  # noqa: S608 - made of the constants above

# What gives a copy the rights that its source has, as our own role may: all of it is ours there.
GRANTS = f"""
WITH things (kind, name, owner, acl, given, is_owned, is_plain, class, oid) AS ({THINGS})
SELECT concat('REVOKE ALL ON ', given, ' FROM PUBLIC') FROM things WHERE NOT is_plain
UNION ALL SELECT concat('GRANT ', a.privilege_type, ' ON ', t.given, ' TO ', {WHOM},
                        CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
FROM things t, aclexplode(t.acl) a WHERE a.grantee <> t.owner AND NOT t.is_plain
UNION ALL SELECT concat('GRANT ', a.privilege_type, ' (', quote_ident(b.attname), ') ON ', c.oid::regclass,
                        ' TO ', {WHOM}, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
FROM pg_class c JOIN pg_attribute b ON b.attrelid = c.oid CROSS JOIN aclexplode(b.attacl) a {OWN}
UNION ALL SELECT concat('ALTER DEFAULT PRIVILEGES REVOKE ALL ON ', {NEW}, ' FROM PUBLIC')
FROM pg_default_acl d WHERE d.defaclrole = current_user::regrole AND d.defaclnamespace = 0
UNION ALL SELECT concat('ALTER DEFAULT PRIVILEGES', ' IN SCHEMA ' || quote_ident(n.nspname), ' GRANT ',
                        a.privilege_type, ' ON ', {NEW}, ' TO ', {WHOM})
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
CROSS JOIN aclexplode(d.defaclacl) a
WHERE d.defaclrole = current_user::regrole AND a.grantee <> d.defaclrole
"""  # noqa: S608 - made of the constants above
# Each by itself: what we may not grant to somebody, he has on the copy neither before nor after.
ALL_OF = """
DECLARE one text;
BEGIN
  FOREACH one IN ARRAY ARRAY[{statements}]::text[] LOOP
    BEGIN EXECUTE one; EXCEPTION WHEN OTHERS THEN NULL; END;
  END LOOP;
END
"""


def settings_of(connection: Connection) -> tuple[Setting, ...]:
    """Return what is set for the tables, views, sequences, routines, types and schemas of a database,
    and what will be granted of those that are made from now on."""
    return tuple(Setting(*row) for row in connection.exec_driver_sql(SETTINGS))


def copy_grants(source: Connection, clone: Connection) -> None:
    """Give those the rights on a copy who have them on its source, as far as we may."""
    found = source.exec_driver_sql(GRANTS).scalars().all()
    body = ALL_OF.format(statements=", ".join(map(literal, found)))
    clone.exec_driver_sql(f"DO {literal(body)}".replace("%", "%%"))
