"""models: what an application's models say, asked inside the child, where env.py has loaded them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alembic.autogenerate.api import AutogenContext, produce_migrations
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table
from sqlalchemy.engine import make_url

from console.schema.catalogue import Catalogue, read_catalogue
from console.schema.driver import engine_of
from console.schema.environment import Environment
from console.schema.errors import Unsupported
from console.schema.job import Job, Modelled
from console.schema.operation import describe
from console.schema.wording import flat

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
    filters = _Filters(AutogenContext(context))
    exclude = job.target.version_tables
    models = _created(job, given)
    database = read_catalogue(connection, exclude=exclude)
    tables = {table.name: table for metadata in given for table in metadata.tables.values()}
    names = {table.name for catalogue in (models, database) for table in catalogue.tables}
    left_out = {name for name in names if not filters.takes(name, tables.get(name))}
    script = produce_migrations(context, context.opts["target_metadata"])
    operations = [describe(inner, "") for ops in script.upgrade_ops_list for inner in flat(ops)]
    return Modelled(
        models=without(models, left_out),
        database=without(database, left_out),
        operations=tuple(operations),
    )


@dataclass(frozen=True)
class _Filters:
    """What env.py's include_name, include_object and include_schemas take."""

    context: AutogenContext

    def takes(self, name: str, table: Table | None) -> bool:
        if not self.context.run_name_filters(name, "table", {"schema_name": None}):
            return False
        if table is None:
            return True
        return self.context.run_object_filters(table, name, "table", False, None)


def _created(job: Job, given: Iterable[MetaData]) -> Catalogue:
    """Create the models' tables on the scratch database, and return its schema."""
    engine = engine_of(make_url(job.scratch))
    try:
        with engine.begin() as connection:
            for metadata in given:
                metadata.create_all(connection)
            return read_catalogue(connection)
    finally:
        engine.dispose()


def without(catalogue: Catalogue, names: Iterable[str]) -> Catalogue:
    """Return a catalogue without some tables."""
    left_out = set(names)
    tables = tuple(table for table in catalogue.tables if table.name not in left_out)
    return Catalogue(tables, catalogue.views)
