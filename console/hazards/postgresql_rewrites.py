"""Rules about what PostgreSQL writes anew as a whole: tables and indexes in another place or form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.clauses import clauses, known_name, sentences, sized
from console.hazards.evidence import Evidence
from console.hazards.postgresql_indexes import owner
from console.hazards.registry import Finding, rule
from console.hazards.spelling import autocommit, execute, plain, quoter, remade, suffixed
from console.hazards.words import NAME

POSTGRESQL = ("postgresql",)
REWRITES = re.compile(
    r"^SET (?:(?P<how>LOGGED|UNLOGGED)|(?P<where>TABLESPACE|ACCESS METHOD) (?P<name>.+))$",
    re.IGNORECASE,
)
MOVES = re.compile(
    rf"^ALTER (?P<kind>INDEX|MATERIALIZED VIEW) (?:IF EXISTS )?{NAME} SET TABLESPACE (?P<where>.+?)(?: NOWAIT)?$",
    re.IGNORECASE,
)
ALL = re.compile(
    rf"^ALTER (?P<kind>TABLE|INDEX|MATERIALIZED VIEW) ALL IN TABLESPACE {NAME} .*?SET TABLESPACE (?P<where>.+?)"
    r"(?: NOWAIT)?$",
    re.IGNORECASE,
)
VACUUM_FULL = re.compile(
    r"^VACUUM ?(?:\([^)]*\bFULL\b[^)]*\)|FULL\b(?: (?:FREEZE|VERBOSE|ANALYZE))*)(?: (?P<tables>.+))?$",
    re.IGNORECASE,
)
CLUSTER = re.compile(rf"^CLUSTER\b(?: ?\(.*?\))?(?: VERBOSE)?(?: {NAME})?", re.IGNORECASE)
QUIET = "# outside of migrations, in a quiet hour:"


@rule(
    "table-rewrite",
    "error",
    "PostgreSQL writes the whole table and all its indexes anew while nobody else can even read it.",
    instead="Do it outside of migrations in a quiet hour, or move the rows in batches into a table that "
    "is made as it shall be.",
    databases=POSTGRESQL,
)
def table_rewrite(evidence: Evidence) -> Iterator[Finding]:
    """SET LOGGED, UNLOGGED, TABLESPACE and ACCESS METHOD, of tables that hold rows of their own."""
    for clause in clauses(evidence):
        found = REWRITES.match(clause.text)
        if found is None or _is_partitioned(evidence, clause.table):
            continue
        table, q = clause.table, quoter(evidence)
        kept = "UNLOGGED " if (found["how"] or "").upper() == "UNLOGGED" else ""
        using = {"ACCESS METHOD": " USING", "TABLESPACE": " TABLESPACE"}.get(
            (found["where"] or "").upper(), ""
        )
        placed = f"{using} {found['name']}" if using else ""
        made = f"CREATE {kept}TABLE {q(suffixed(table, '_new'))} (LIKE {q(table)} INCLUDING ALL){placed}"
        yield sized(
            evidence,
            clause.revision,
            table,
            table,
            f"{clause.text} writes all of {table} anew under the lock.",
            remade(evidence, table, made),
        )
    yield from _moved(evidence)


def _is_partitioned(evidence: Evidence, name: str) -> bool:
    """Whether a table only says where its partitions to come shall be, and holds no rows itself."""
    table = evidence.table(name)
    return table is not None and any(
        part.kind == "option" and part.definition.startswith("partition by") for part in table.parts
    )


def _moved(evidence: Evidence) -> Iterator[Finding]:
    """The same of indexes and materialized views, and of all that is in a tablespace."""
    for sentence in sentences(evidence):
        every, found = ALL.match(sentence.text), MOVES.match(sentence.text)
        if every:
            kind = {"TABLE": "table", "INDEX": "index"}.get(
                every["kind"].upper(), "materialized view"
            )
            yield Finding(
                sentence.revision,
                every[2],
                f"Every {kind} in {every[2]} is written anew and locked until the plan has ended.",
                f"{QUIET} one by one",
            )
        if found is None:
            continue
        name, q = known_name(evidence, found[2]), quoter(evidence)
        is_index = found["kind"].upper() == "INDEX"
        table = owner(evidence, plain(name)) if is_index else name
        if table is None or _is_partitioned(evidence, table):
            continue
        built = f"REINDEX (TABLESPACE {found['where']}) INDEX CONCURRENTLY {q(name)}"
        yield sized(
            evidence,
            sentence.revision,
            table,
            f"{table}.{name}" if is_index else name,
            f"SET TABLESPACE writes all of {name} anew, and nobody can use {table} in the meantime.",
            autocommit(execute(built)) if is_index else f"{QUIET} {sentence.text}",
        )


@rule(
    "vacuum-full",
    "error",
    "It writes the whole table anew while nobody else can even read it, and fails in a transaction.",
    instead="Leave it to autovacuum, or repack the table outside of migrations.",
    databases=POSTGRESQL,
)
def vacuum_full(evidence: Evidence) -> Iterator[Finding]:
    """VACUUM FULL."""
    for sentence in sentences(evidence):
        found = VACUUM_FULL.match(sentence.text)
        if found:
            yield Finding(
                sentence.revision,
                found["tables"] or "the whole database",
                f"{sentence.text} locks until all is written anew.",
                f"{QUIET} VACUUM, or pg_repack",
            )


@rule(
    "cluster",
    "error",
    "It writes the whole table anew in another order while nobody else can even read it.",
    instead="Repack the table outside of migrations.",
    databases=POSTGRESQL,
)
def cluster(evidence: Evidence) -> Iterator[Finding]:
    """CLUSTER."""
    for sentence in sentences(evidence):
        found = CLUSTER.match(sentence.text)
        if found:
            yield Finding(
                sentence.revision,
                found[1] or "the whole database",
                f"{sentence.text} locks until all is written anew.",
                f"{QUIET} CLUSTER, or pg_repack",
            )
