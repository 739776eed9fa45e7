"""postgresql_comments: what of a PostgreSQL database may have a comment, beside what has an owner and rights.

Each row is its kind, its name, and by which two numbers `pg_description` knows it.
"""

from console.schema.postgresql_catalogue import NAME, OWN

FIRST_OF_OWN = 16384  # what the server itself has brought along has lower numbers
OTHERS = f"""
SELECT 'index', x.relname::text, 'pg_class'::regclass, x.oid FROM pg_index i
  JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid {OWN}
UNION ALL SELECT 'constraint', concat(k.conname, ' of ', {NAME}), 'pg_constraint'::regclass, k.oid
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid {OWN} AND k.contype IN ('p', 'u', 'f', 'c', 'x')
UNION ALL SELECT 'trigger', concat(t.tgname, ' of ', {NAME}), 'pg_trigger'::regclass, t.oid
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid {OWN} AND NOT t.tgisinternal
UNION ALL SELECT 'rule', concat(r.rulename, ' of ', {NAME}), 'pg_rewrite'::regclass, r.oid
  FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class {OWN} AND r.rulename <> '_RETURN'
UNION ALL SELECT 'policy', concat(p.polname, ' of ', {NAME}), 'pg_policy'::regclass, p.oid
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid {OWN}
UNION ALL SELECT o.kind, o.name, o.class, o.oid FROM (
    SELECT 'extension', extname, 'pg_extension'::regclass, oid FROM pg_extension
    UNION ALL SELECT 'event trigger', evtname, 'pg_event_trigger'::regclass, oid FROM pg_event_trigger
    UNION ALL SELECT 'publication', pubname, 'pg_publication'::regclass, oid FROM pg_publication
    UNION ALL SELECT 'foreign data wrapper', fdwname, 'pg_foreign_data_wrapper'::regclass, oid
      FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'foreign server', srvname, 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
    UNION ALL SELECT 'language', lanname, 'pg_language'::regclass, oid FROM pg_language
    UNION ALL SELECT 'statistics', stxname, 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext
    UNION ALL SELECT 'operator', oid::regoperator::text, 'pg_operator'::regclass, oid FROM pg_operator
      WHERE oid >= {FIRST_OF_OWN}
    UNION ALL SELECT 'operator class', opcname, 'pg_opclass'::regclass, oid FROM pg_opclass
    UNION ALL SELECT 'operator family', opfname, 'pg_opfamily'::regclass, oid FROM pg_opfamily
    UNION ALL SELECT 'collation', collname, 'pg_collation'::regclass, oid FROM pg_collation
    UNION ALL SELECT 'conversion', conname, 'pg_conversion'::regclass, oid FROM pg_conversion
    UNION ALL SELECT 'text search configuration', cfgname, 'pg_ts_config'::regclass, oid FROM pg_ts_config
    UNION ALL SELECT 'text search dictionary', dictname, 'pg_ts_dict'::regclass, oid FROM pg_ts_dict
    UNION ALL SELECT 'cast', concat(format_type(castsource, NULL), ' AS ', format_type(casttarget, NULL)),
      'pg_cast'::regclass, oid FROM pg_cast WHERE oid >= {FIRST_OF_OWN}
  ) o (kind, name, class, oid)
  WHERE o.oid >= {FIRST_OF_OWN} AND NOT EXISTS
  (SELECT 1 FROM pg_depend e WHERE e.classid = o.class AND e.objid = o.oid AND e.deptype IN ('e', 'i'))
"""  # noqa: S608 - made of the constants above
