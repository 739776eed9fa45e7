"""postgresql_catalogue: the schema of a PostgreSQL database, read exactly from its own catalogue.

All schemas but the system's; what belongs to an extension is left out. Tables of the current schema
go by their own name, others by "schema.name".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from console.schema.table import Column, Part, Table, View

# Letters of the type "char" are cast: drivers differ in what they make of it.
# A name, or schema and name, of the class behind alias c.
NAME = (
    "CASE WHEN n.nspname = current_schema() THEN c.relname ELSE n.nspname || '.' || c.relname END"
)
# The classes behind alias c that are somebody's own.
OWN = (
    "JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS "
    "(SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid "
    "AND e.deptype = 'e')"
)
TABLES = f"""
SELECT c.oid, {NAME}, c.relkind::text, c.relpersistence::text, pg_get_partkeydef(c.oid),
       pg_get_expr(c.relpartbound, c.oid), c.relrowsecurity, c.relforcerowsecurity,
       (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)
        FROM pg_inherits i WHERE i.inhrelid = c.oid AND NOT c.relispartition), obj_description(c.oid, 'pg_class'),
       EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgisinternal
               AND t.tgenabled = 'D' AND t.tgconstraint <> 0)
FROM pg_class c {OWN} AND c.relkind IN ('r', 'p', 'f')
"""  # noqa: S608 - made of the constants above
COLUMNS = f"""
SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid, true), a.attgenerated::text, a.attidentity::text,
       CASE WHEN a.attcollation <> t.typcollation THEN l.collname END,
       col_description(a.attrelid, a.attnum),
       (SELECT string_agg(quote_literal(v.enumlabel), ', ' ORDER BY v.enumsortorder)
        FROM pg_enum v WHERE v.enumtypid IN (t.oid, t.typelem))
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation
{OWN} AND c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""  # noqa: S608 - made of the constants above
CONSTRAINTS = f"""
SELECT k.conrelid, k.conname, k.contype::text, pg_get_constraintdef(k.oid, true),
       ARRAY(SELECT a.attname FROM pg_attribute a
             WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey))
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
{OWN} AND k.contype IN ('p', 'u', 'f', 'c', 'x')
"""  # noqa: S608 - made of the constants above
INDEXES = f"""
SELECT i.indrelid, x.relname, i.indisunique,
       CASE WHEN i.indisvalid THEN '' WHEN x.relkind = 'I' THEN 'incomplete' ELSE 'invalid' END,
       pg_get_indexdef(i.indexrelid, 0, true)
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
{OWN} AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid
                      AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x'))
"""  # noqa: S608 - made of the constants above
TRIGGERS = f"""
SELECT t.tgrelid, t.tgname, pg_get_triggerdef(t.oid, true), t.tgenabled::text, md5(p.prosrc)
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
{OWN} AND NOT t.tgisinternal
"""  # noqa: S608 - made of the constants above
RULES = f"""
SELECT p.polrelid, 'policy', p.polname, concat(
  CASE WHEN p.polpermissive THEN '' ELSE 'restrictive ' END,
  CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update'
                WHEN 'd' THEN 'delete' ELSE 'all' END,
  ' to ', (SELECT string_agg(CASE WHEN o = 0 THEN 'public' ELSE pg_get_userbyid(o) END, ', ' ORDER BY o)
           FROM unnest(p.polroles) o),
  ' using (' || pg_get_expr(p.polqual, p.polrelid) || ')',
  ' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid {OWN}
UNION ALL SELECT r.ev_class, 'rule', r.rulename, pg_get_ruledef(r.oid, true)
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class {OWN} AND c.relkind IN ('r', 'p', 'f')
"""  # noqa: S608 - made of the constants above
VIEWS = f"""
SELECT {NAME}, c.relkind::text, pg_get_viewdef(c.oid, true),
       CASE WHEN c.relkind = 'v' THEN array_to_string(c.reloptions, ', ') END FROM pg_class c {OWN} AND c.relkind IN ('v', 'm')
"""  # noqa: S608 - made of the constants above
# What belongs to no column: those of serial and identity columns are said there.
SEQUENCES = f"""
SELECT {NAME}, concat('as ', format_type(s.seqtypid, NULL), ' start ', s.seqstart,
       ' increment ', s.seqincrement, ' minvalue ', s.seqmin, ' maxvalue ', s.seqmax,
       ' cache ', s.seqcache, CASE WHEN s.seqcycle THEN ' cycle' END)
FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid {OWN}
AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                AND d.objid = c.oid AND d.deptype IN ('a', 'i'))
"""  # noqa: S608 - made of the constants above
TYPES_OF_OWN = """
SELECT CASE WHEN n.nspname = current_schema() THEN t.typname
       ELSE n.nspname || '.' || t.typname END, t.typtype::text,
       (SELECT string_agg(quote_literal(v.enumlabel), ', ' ORDER BY v.enumsortorder)
        FROM pg_enum v WHERE v.enumtypid = t.oid),
       format_type(t.typbasetype, t.typtypmod), t.typdefault, t.typnotnull,
       (SELECT string_agg(k.conname || ' ' || pg_get_constraintdef(k.oid, true), ', ' ORDER BY k.conname)
        FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'),
       (SELECT l.collname FROM pg_collation l JOIN pg_type b ON b.oid = t.typbasetype
        WHERE l.oid = t.typcollation AND t.typcollation <> b.typcollation)
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND t.typtype IN ('e', 'd')
AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_type'::regclass
                AND e.objid = t.oid AND e.deptype = 'e')
"""
# What else a migration may replace under its name: what a routine does is told by a mark of it.
FURTHER = """
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
       concat(CASE WHEN n.nspname <> current_schema() THEN n.nspname || '.' END, p.proname,
              '(', pg_get_function_identity_arguments(p.oid), ')'),
       concat_ws(', ', 'returns ' || pg_get_function_result(p.oid), l.lanname,
                 CASE WHEN p.prosecdef THEN 'security definer' END,
                 'body ' || left(md5(CASE p.prokind WHEN 'a' THEN
                   (SELECT concat_ws(' ', a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggsortop,
                                     format_type(a.aggtranstype, NULL), a.agginitval)
                    FROM pg_aggregate a WHERE a.aggfnoid = p.oid)
                   ELSE pg_get_functiondef(p.oid) END), 8))
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS
  (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
   AND e.deptype IN ('e', 'i'))
UNION ALL SELECT 'type', concat(CASE WHEN n.nspname <> current_schema() THEN n.nspname || '.' END, t.typname),
       CASE t.typtype WHEN 'r' THEN
         (SELECT 'range of ' || format_type(r.rngsubtype, NULL) FROM pg_range r WHERE r.rngtypid = t.oid)
       ELSE (SELECT concat('(', string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', '
                                           ORDER BY a.attnum), ')')
             FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) END
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND (t.typtype = 'r' OR c.relkind = 'c')
AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_type'::regclass
                AND e.objid = t.oid AND e.deptype = 'e')
UNION ALL SELECT 'statistics', concat(CASE WHEN n.nspname <> current_schema() THEN n.nspname || '.' END, s.stxname),
       regexp_replace(pg_get_statisticsobjdef(s.oid), '^CREATE STATISTICS \\S+ ', '')
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
"""
KINDS: dict[str, Any] = {
    "p": "primary key",
    "u": "unique",
    "f": "foreign key",
    "c": "check",
    "x": "unique",
}
# PostgreSQL's long names, as everybody else writes them.
TYPES = (
    ("character varying", "VARCHAR"),
    ("character", "CHAR"),
    ("timestamp without time zone", "TIMESTAMP"),
    ("timestamp with time zone", "TIMESTAMP WITH TIME ZONE"),
    ("time without time zone", "TIME"),
)


def read_postgresql(
    connection: Connection, is_wanted: Callable[[str], bool]
) -> tuple[tuple[Table, ...], tuple[View, ...]]:
    """Return the tables and views whose names `is_wanted` takes."""
    ask = connection.exec_driver_sql
    columns: dict[int, list[Any]] = defaultdict(list)
    for row in ask(COLUMNS):
        columns[row[0]].append(row)
    parts: dict[int, list[Part]] = defaultdict(list)
    keys: dict[int, list[str]] = {}
    for oid, name, kind, definition, names in ask(CONSTRAINTS):
        parts[oid].append(Part(KINDS[kind], name, constraint(definition)))
        if kind == "p":
            keys[oid] = names
    for oid, name, unique, flaw, definition in ask(INDEXES):
        parts[oid].append(Part("index", name, index(definition, unique, flaw)))
    for oid, name, definition, enabled, body in ask(TRIGGERS):
        parts[oid].append(Part("trigger", name, trigger(definition, enabled, body)))
    for oid, rule, name, definition in ask(RULES):
        parts[oid].append(Part(rule, name, one_line(definition)))
    tables = tuple(
        Table(
            row[1],
            tuple(_column(found, keys.get(row[0], [])) for found in columns[row[0]]),
            _sorted([*parts[row[0]], *_options(row)]),
        )
        for row in ask(TABLES)
        if is_wanted(row[1])
    )
    views = tuple(
        View(name, _view(kind, definition, options))
        for name, kind, definition, options in ask(VIEWS)
        if is_wanted(name)
    )
    sequences = (View(name, text, "sequence") for name, text in ask(SEQUENCES) if is_wanted(name))
    types = (_type_of_own(row) for row in ask(TYPES_OF_OWN) if is_wanted(row[0]))
    further = (View(name, one_line(text), kind) for kind, name, text in ask(FURTHER))
    return tables, (*views, *sequences, *types, *further)


def _view(kind: str, definition: str, options: str | None) -> str:
    """What a view says."""
    text = one_line(definition.rstrip(";"))
    if kind == "m":
        return f"materialized: {text}"
    return f"{text} with ({options})" if options else text


def _type_of_own(row: Any) -> View:
    """An enumeration with its values, or a domain with what it asks of them."""
    name, kind, labels, base, default, is_required, checks, collation = row
    if kind == "e":
        return View(name, f"({labels or ''})", "enum")
    words = [type_name(base)]
    if collation:
        words.append(f"collate {collation}")
    if default is not None:
        words.append(f"default {one_line(default)}")
    if is_required:
        words.append("not null")
    if checks:
        words.append(one_line(checks))
    return View(name, ", ".join(words), "domain")


def _sorted(parts: list[Part]) -> tuple[Part, ...]:
    """Parts by kind, name and definition."""
    return tuple(sorted(parts, key=lambda part: (part.kind, part.name, part.definition)))


def _column(row: Any, key: list[str]) -> Column:
    """One column of what COLUMNS asks for."""
    _, name, kind, nullable, default, generated, identity, collation, comment, labels = row
    notes = []
    if generated:
        notes.append(f"generated always as ({one_line(default)}) stored")
    if identity:
        notes.append(f"generated {'always' if identity == 'a' else 'by default'} as identity")
    if collation:
        notes.append(f"collate {collation}")
    if labels:
        notes.append(f"one of {labels}")
    if comment:
        notes.append(f"comment '{comment}'")
    stated = None if default is None or generated else one_line(default)
    return Column(name, type_name(kind), nullable, stated, name in key, tuple(notes))


def one_line(text: str) -> str:
    """Return a definition on one line; PostgreSQL writes them in one way only."""
    return re.sub(r"\s*\n\s*", " ", text.strip())


def type_name(kind: str) -> str:
    """Return a type's name as most people write it: "VARCHAR(80)"."""
    for long, short in TYPES:
        base, _, zone = long.partition(" with")
        pattern = rf"^{base}(\(\d+\))?{f' with{zone}' if zone else ''}(?![\w ])"
        found = re.match(pattern, kind)
        if found:
            head, _, tail = short.partition(" ")
            kind = f"{head}{found.group(1) or ''}{f' {tail}' if tail else ''}{kind[found.end() :]}"
            break
    # A type of somebody's own keeps its case where it stands in quotation marks.
    return kind if '"' in kind else re.sub(r",\s*", ", ", kind).upper()


def constraint(definition: str) -> str:
    """Return what stands after the kind in a constraint's definition, on one line."""
    kind, text = _split(definition)
    if kind == "EXCLUDE":
        return f"exclude {text}"
    if kind == "FOREIGN KEY":
        for word in ("REFERENCES", "ON DELETE", "ON UPDATE"):
            text = text.replace(f" {word}", f" {word.lower()}")
    return re.sub(r"references ([^(\s]+)\(", r"references \1 (", text)


def _split(definition: str) -> tuple[str, str]:
    """The kind of a constraint, and what its definition says after it."""
    found = re.match(r"(PRIMARY KEY|UNIQUE|FOREIGN KEY|CHECK|EXCLUDE) ", definition)
    return (found.group(1), definition[found.end() :]) if found else ("", definition)


def index(definition: str, unique: bool, flaw: str) -> str:
    """Return an index in one line: "unique (lower(name)) where active". Its `flaw` follows: "; invalid",
    or "; incomplete" for that of a partitioned table while a partition has none."""
    text = one_line(definition).partition(" USING ")[2]
    text = re.sub(r"^btree ?\(", "(", text).replace(" WHERE ", " where ", 1)
    return f"{'unique ' if unique else ''}{text}{f'; {flaw}' if flaw else ''}"


def trigger(definition: str, enabled: str, body: str) -> str:
    """Return a trigger in one line, with a mark of what its function does."""
    text = one_line(definition)
    text = re.sub(r"^CREATE (CONSTRAINT )?TRIGGER \S+ ", "", text)
    off = {"D": " disabled", "R": " on replicas only", "A": " always"}.get(enabled, "")
    return f"{text} (body {body[:8]}){off}"


def _options(row: Any) -> list[Part]:
    """What is said of a table as a whole."""
    (
        _,
        _,
        kind,
        persistence,
        partitioned,
        bound,
        has_policies,
        is_forced,
        parents,
        comment,
        is_lax,
    ) = row
    found = []
    if kind == "f":
        found.append("foreign table")
    if persistence == "u":
        found.append("unlogged")
    if partitioned:
        found.append(f"partition by {partitioned}")
    if bound:
        found.append(f"partition {bound}")
    if has_policies:
        found.append(f"row level security{', also for its owner' if is_forced else ''}")
    if parents:
        found.append(f"inherits {parents}")
    if is_lax:
        found.append("foreign keys not watched")
    if comment:
        found.append(f"comment '{comment}'")
    return [Part("option", "", text) for text in found]
