"""models: what an application's models say, asked inside the child, where env.py has loaded them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from alembic.autogenerate.api import AutogenContext, produce_migrations
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError

from console.schema.catalogue import Catalogue, read_catalogue
from console.schema.dialect import quoted
from console.schema.driver import engine_of
from console.schema.environment import Environment
from console.schema.errors import Unsupported
from console.schema.job import Job, Modelled
from console.schema.operation import describe
from console.schema.wording import flat

EXTENSIONS = """
SELECT e.extname, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE n.nspname !~ '^pg_' ORDER BY 1
"""
NO_MODELS = (
    "env.py gives no target_metadata, so there are no models to compare with. Pass the metadata of "
    "your models to context.configure()."
)


def model(job: Job, environment: Environment, config: Config) -> Modelled:
    """Create everything that the models say on the job's scratch database, and return its schema,
    that of the target's database, and what autogenerate would write.

    Tables that env.py leaves out of autogenerate are left out of both. Raises Unsupported without
    models, and what env.py and the database raise.
    """
    found: list[Modelled] = []

    def look(heads: tuple[str, ...], context: MigrationContext) -> list[object]:
        found.append(_look(job, context))
        return []

    script = ScriptDirectory.from_config(config)
    environment.run(config, script, look, command=("check",), as_sql=False, dont_mutate=True)
    if not found:
        raise Unsupported("env.py ended without calling context.run_migrations().")
    return found[0]


def metadatas(context: MigrationContext) -> tuple[MetaData, ...]:
    """Return the metadata that env.py compares with; empty if it gives none."""
    given = context.opts.get("target_metadata")
    if isinstance(given, MetaData):
        return (given,)
    return tuple(given or ())


def _look(job: Job, context: MigrationContext) -> Modelled:
    given = metadatas(context)
    if not given:
        raise Unsupported(NO_MODELS)
    connection = context.connection
    assert connection is not None
    exclude = job.target.version_tables
    scratch = _Scratch(job, given, connection)
    models = scratch.create()
    database = read_catalogue(connection, exclude=exclude)
    filters = _Filters(AutogenContext(context), scratch.tables)
    names = {table.name for catalogue in (models, database) for table in catalogue.tables}
    left_out = {name for name in names if not filters.takes(name)}
    script = produce_migrations(context, context.opts["target_metadata"])
    operations = [describe(inner, "") for ops in script.upgrade_ops_list for inner in flat(ops)]
    return Modelled(
        models=without(models, left_out),
        database=without(database, left_out),
        operations=tuple(operations),
    )


@dataclass(frozen=True)
class _Filters:
    """What env.py's include_name, include_object and include_schemas take; `tables` are the models'."""

    context: AutogenContext
    tables: Mapping[str, Table]

    def takes(self, name: str) -> bool:
        table = self.tables.get(name)
        schema, bare = (table.schema, table.name) if table is not None else _split(name)
        if table is None and schema and not self._looks_into(schema):
            return False
        if not self.context.run_name_filters(bare, "table", {"schema_name": schema}):
            return False
        if table is None:
            return True
        return self.context.run_object_filters(table, bare, "table", False, None)

    def _looks_into(self, schema: str) -> bool:
        """Whether autogenerate looks for tables in a schema that is not the session's own."""
        if not self.context.opts.get("include_schemas"):
            return False
        return self.context.run_name_filters(schema, "schema", {})


def _split(name: str) -> tuple[str | None, str]:
    """A table's schema, if it is named with one, and its own name."""
    schema, _, bare = name.rpartition(".")
    return schema or None, bare


class _Scratch:
    """The models on the job's scratch database. `tables` are theirs, by the names that they have there.

    On PostgreSQL all of them are. Elsewhere another schema is another database, which is nobody's to
    create tables in: those are left out, but for who calls the target's own by its name. What an empty
    database lacks of what they take for granted is as in `source`.
    """

    def __init__(self, job: Job, given: Iterable[MetaData], source: Connection) -> None:
        self.url, self.metadatas, self.source = make_url(job.scratch), tuple(given), source
        self.is_whole = self.url.get_backend_name() == "postgresql"
        urls = [make_url(url) for url in (job.target.url, job.target.stands_for) if url]
        named = [url.database for url in urls if url.get_backend_name() in ("mysql", "mariadb")]
        self.own = frozenset(name for name in (*named, "main") if name)
        self.tables = {
            self._name(table): table
            for metadata in self.metadatas
            for table in metadata.tables.values()
            if self._is_here(table)
        }

    def create(self) -> Catalogue:
        """Create the models' tables, and return their schema."""
        engine = engine_of(self.url)
        try:
            if self.is_whole:
                with engine.connect() as connection:
                    self._prepare(connection.execution_options(isolation_level="AUTOCOMMIT"))
            translated: dict[str | None, str | None] = (
                {} if self.is_whole else dict.fromkeys(self.own)
            )
            with engine.connect() as connection:
                mapped = connection.execution_options(schema_translate_map=translated)
                with mapped.begin():
                    for metadata in self.metadatas:
                        mine = [t for t in metadata.tables.values() if self._is_here(t)]
                        metadata.create_all(mapped, tables=mine)
                    return read_catalogue(mapped)
        finally:
            engine.dispose()

    def _is_here(self, table: Table) -> bool:
        return self.is_whole or table.schema is None or table.schema in self.own

    def _name(self, table: Table) -> str:
        is_named = self.is_whole and table.schema not in (
            None,
            self.source.dialect.default_schema_name,
        )
        return f"{table.schema}.{table.name}" if is_named else table.name

    def _prepare(self, scratch: Connection) -> None:
        """Schemas and extensions, which models use and never make."""
        schemas = {table.schema for table in self.tables.values() if table.schema}
        extensions = self.source.exec_driver_sql(EXTENSIONS).all()
        for schema in sorted(schemas | {schema for _, schema in extensions}):
            scratch.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {_quoted(schema)}")
        for extension, schema in extensions:
            with suppress(DBAPIError):  # one that only one database of a server may have
                scratch.exec_driver_sql(
                    f"CREATE EXTENSION IF NOT EXISTS {_quoted(extension)} "
                    f"WITH SCHEMA {_quoted(schema)} CASCADE"
                )


def _quoted(name: str) -> str:
    return quoted(name).replace("%", "%%")


def without(catalogue: Catalogue, names: Iterable[str]) -> Catalogue:
    """Return a catalogue without some tables."""
    left_out = set(names)
    tables = tuple(table for table in catalogue.tables if table.name not in left_out)
    return Catalogue(tables, catalogue.views)
