"""Models whose tables name a schema, or use an extension, are compared and created nowhere for real."""

from pathlib import Path

from sqlalchemy.engine import make_url

from console.schema.drift import Drift, find_drift
from console.schema.executor import apply
from tests.histories.script_folder import ENVIRONMENT, Sample
from tests.histories.served import Served
from tests.servers import MakeDatabase

TABLE = 'op.create_table({0!r}, sa.Column("id", sa.Integer, primary_key=True), schema={1!r})'
MODEL = 'sa.Table({0!r}, metadata, sa.Column("id", sa.Integer, primary_key=True), schema={1!r})'
KIND = """\
class Kind(sa.types.UserDefinedType):
    cache_ok = True

    def get_col_spec(self):
        return "extra.{kind}"
"""
NAMES = """
def include_name(name, kind, parents):
    return kind != "schema" or name in (None, "stock")
"""


def environment(*models: str, options: str = "") -> str:
    """An env.py with these models."""
    written = "import sqlalchemy as sa\nmetadata = sa.MetaData()\n" + "\n".join(models)
    told = f"connection=connection, target_metadata=metadata{options}"
    return written + NAMES + ENVIRONMENT.replace("connection=connection", told)


def names(drift: Drift) -> list[str]:
    """The tables in which models and database disagree."""
    assert drift.models.error is None
    assert drift.history.is_clean
    return [table.name for table in drift.models.difference.tables]


def test_no_table_of_a_model_that_names_its_database_is_created_there(
    tmp_path: Path, make_either: MakeDatabase
) -> None:
    url, other = make_either(), str(make_url(make_either()).database)
    name = make_url(url).database
    place = Served(tmp_path, url, [Sample("aaaa1", up=TABLE.format("a", None))])
    apply(place.target, place.plan())
    models = [MODEL.format("a", name), MODEL.format("b", name), MODEL.format("c", other)]
    place.environment(environment(*models))
    assert names(find_drift(place.target)) == ["b"]
    assert place.ask("SHOW TABLES LIKE 'b'") == []
    assert place.ask(f"SHOW TABLES IN {other}") == []
    place.write(Sample("bbbb1", ("aaaa1",), up=TABLE.format("d", None)))
    assert names(find_drift(place.target)) == ["b", "d"]  # against what the history makes
    assert place.ask("SHOW TABLES") == ["a", "alembic_version"]


def test_models_in_several_schemas_are_compared(tmp_path: Path, postgresql: str) -> None:
    made = (TABLE.format("a", None), TABLE.format("b", "stock"), TABLE.format("c", "others"))
    schemas = 'op.execute("CREATE SCHEMA stock")\nop.execute("CREATE SCHEMA others")\n'
    place = Served(tmp_path, postgresql, [Sample("aaaa1", up=schemas + "\n".join(made))])
    apply(place.target, place.plan())
    mine = [MODEL.format("a", "public"), MODEL.format("b", "stock")]
    taken = ", include_schemas=True, include_name=include_name"
    place.environment(environment(*mine, options=taken))
    assert names(find_drift(place.target)) == []
    place.environment(environment(*mine, options=", include_schemas=True"))
    assert names(find_drift(place.target)) == ["others.c"]
    place.environment(environment(*mine, MODEL.format("d", "stock"), options=taken))
    assert names(find_drift(place.target)) == ["stock.d"]
    place.environment(environment(MODEL.format("a", None)))
    assert names(find_drift(place.target)) == []


def test_models_may_use_the_extensions_of_their_database(tmp_path: Path, postgresql: str) -> None:
    place = Served(tmp_path, postgresql)
    there = place.ask("SELECT name FROM pg_available_extensions WHERE name IN ('citext', 'vector')")
    kind = sorted(there)[0]
    up = f"""\
op.execute("CREATE SCHEMA extra")
op.execute("CREATE EXTENSION {kind} SCHEMA extra")
op.execute("CREATE TABLE a (id serial PRIMARY KEY, what extra.{kind})")"""
    place.write(Sample("aaaa1", up=up))
    apply(place.target, place.plan())
    column = MODEL.format("a", None).replace(", schema", ', sa.Column("what", Kind()), schema')
    place.environment(environment(KIND.format(kind=kind), column))
    assert names(find_drift(place.target)) == []
