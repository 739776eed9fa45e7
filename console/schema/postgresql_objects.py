"""postgresql_objects: what a PostgreSQL database holds beside its tables, by kind and name.

Each row is its kind, its name, and the table that it belongs to, "" where it stands by itself.
"""

from console.schema.postgresql_catalogue import NAME, OWN
from console.schema.postgresql_comments import FIRST_OF_OWN

OBJECTS = f"""
SELECT 'view', {NAME}, {NAME} FROM pg_class c {OWN} AND c.relkind IN ('v', 'm')
UNION ALL SELECT 'index', x.relname, {NAME} FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
  JOIN pg_class c ON c.oid = i.indrelid {OWN} AND NOT EXISTS
  (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
UNION ALL SELECT 'trigger', t.tgname, {NAME} FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
  {OWN} AND NOT t.tgisinternal
UNION ALL SELECT 'content of view', {NAME}, {NAME} FROM pg_class c {OWN}
  AND c.relkind = 'm' AND c.relispopulated
UNION ALL SELECT 'rule', r.rulename, {NAME} FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
  {OWN} AND r.rulename <> '_RETURN'
UNION ALL SELECT 'policy', p.polname, {NAME} FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
  {OWN}
UNION ALL SELECT 'function', c.proname, '' FROM pg_proc c JOIN pg_namespace n
  ON n.oid = c.pronamespace WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass
                  AND e.objid = c.oid AND e.deptype IN ('e', 'i'))
UNION ALL SELECT 'row level security of', {NAME}, {NAME} FROM pg_class c {OWN} AND c.relrowsecurity
UNION ALL SELECT 'sequence', {NAME}, '' FROM pg_class c {OWN} AND c.relkind = 'S'
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                  AND d.objid = c.oid AND d.deptype IN ('a', 'i'))
UNION ALL SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' ELSE 'type' END, t.typname, ''
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
  AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_type'::regclass
                  AND e.objid = t.oid AND e.deptype = 'e')
UNION ALL SELECT 'cast', concat(format_type(k.castsource, NULL), ' AS ', format_type(k.casttarget, NULL)), ''
  FROM pg_cast k WHERE k.oid >= {FIRST_OF_OWN} AND NOT EXISTS
  (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_cast'::regclass AND e.objid = k.oid
   AND e.deptype IN ('e', 'i'))
UNION ALL SELECT 'extension', extname, '' FROM pg_extension
UNION ALL SELECT 'event trigger', evtname, '' FROM pg_event_trigger
UNION ALL SELECT 'publication', pubname, '' FROM pg_publication
UNION ALL SELECT 'publication of', {NAME}, {NAME} FROM pg_publication_rel p
  JOIN pg_class c ON c.oid = p.prrelid {OWN}
UNION ALL SELECT 'foreign server', srvname, '' FROM pg_foreign_server
UNION ALL SELECT o.kind, o.name, '' FROM (
    SELECT 'schema', oid, nspname, oid FROM pg_namespace
    UNION ALL SELECT 'statistics', oid, stxname, stxnamespace FROM pg_statistic_ext
    UNION ALL SELECT 'operator', oid, oprname, oprnamespace FROM pg_operator
    UNION ALL SELECT 'collation', oid, collname, collnamespace FROM pg_collation
    UNION ALL SELECT 'text search configuration', oid, cfgname, cfgnamespace FROM pg_ts_config
    UNION ALL SELECT 'text search dictionary', oid, dictname, dictnamespace FROM pg_ts_dict
  ) o (kind, oid, name, space) JOIN pg_namespace n ON n.oid = o.space
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.objid = o.oid AND e.deptype = 'e')
ORDER BY 1, 2
"""  # noqa: S608 - made of constants
