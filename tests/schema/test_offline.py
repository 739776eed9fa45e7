"""The SQL of a revision is written without any server, as far as Alembic can do that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from console.schema.errors import BrokenRevision, MigrationFailed, Unsupported
from console.schema.history import read_history
from console.schema.statement import compile_statements
from console.schema.target import Target
from tests.histories.place import PRICE, PRODUCTS
from tests.histories.script_folder import ENVIRONMENT as ALWAYS_CONNECTS
from tests.histories.script_folder import Sample, target_of, write_folder

ENVIRONMENT = """\
from alembic import context
from sqlalchemy import create_engine, pool

url = context.config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""
NOBODY_LISTENS = "127.0.0.1:1"
AWAY = {
    "postgresql": f"postgresql+psycopg://nobody@{NOBODY_LISTENS}/none",
    "mariadb": f"mariadb+pymysql://nobody@{NOBODY_LISTENS}/none",
    "mysql": f"mysql+pymysql://nobody@{NOBODY_LISTENS}/none",
}
FILLED = Sample(
    "cccc1",
    ("bbbb1",),
    up='table = sa.table("products", sa.column("name", sa.String))\nop.bulk_insert(table, [{"name": "Lamp"}])',
    down="op.execute(\"DELETE FROM products WHERE name = 'Lamp'\")",
)
ASKS = Sample("dddd1", ("cccc1",), up="op.get_bind().execute(sa.text('SELECT 1')).scalar()")
MERGED = (
    Sample("left", ("dddd1",)),
    Sample("right", ("dddd1",)),
    Sample("both", ("left", "right")),
)


@pytest.fixture
def place(tmp_path: Path) -> Target:
    """A history whose env.py can do without a database; there is none."""
    scripts = write_folder(tmp_path / "migrations", [PRODUCTS, PRICE, FILLED, ASKS, *MERGED])
    (scripts / "env.py").write_text(ENVIRONMENT)
    return target_of(scripts)


def sql(target: Target, revision: str, direction: str = "up") -> list[str]:
    statements = compile_statements(target, revision, direction, offline=True)  # type: ignore[arg-type]
    assert {statement.revision for statement in statements} == {
        read_history(target).find(revision).id
    }
    return [" ".join(statement.sql.split()) for statement in statements]


@pytest.mark.parametrize("database", AWAY)
def test_a_server_that_is_away_is_not_needed(place: Target, database: str) -> None:
    target = replace(place, url=AWAY[database])
    added, checked, stood = sql(target, "bbb")
    assert added == "ALTER TABLE products ADD COLUMN price NUMERIC(10, 2)"
    assert checked == "ALTER TABLE products ADD CONSTRAINT ck_price CHECK (price >= 0)"
    assert stood.startswith("UPDATE alembic_version SET version_num='bbbb1'")


def test_the_first_revision_makes_no_version_table_of_its_own(place: Target) -> None:
    statements = sql(place, "aaaa1")
    assert [one.split(" (")[0] for one in statements[:2]] == [
        "CREATE TABLE products",
        "CREATE TABLE reviews",
    ]
    assert statements[2].startswith("INSERT INTO alembic_version")
    assert not any(one.startswith(("BEGIN", "COMMIT", "--")) for one in statements)


def test_values_that_the_file_states_are_in_it(place: Target) -> None:
    assert sql(place, "cccc1")[0] == "INSERT INTO products (name) VALUES ('Lamp')"
    back = sql(place, "cccc1", "down")
    assert back[0] == "DELETE FROM products WHERE name = 'Lamp'"
    assert back[1].startswith("UPDATE alembic_version SET version_num='bbbb1'")


def test_a_merge_moves_the_version_table_alone(place: Target) -> None:
    assert [one.split(" ")[0] for one in sql(place, "both")] == ["DELETE", "UPDATE"]
    assert [one.split(" ")[0] for one in sql(place, "both", "down")] == ["INSERT", "UPDATE"]


def test_no_database_comes_to_be(place: Target, tmp_path: Path) -> None:
    sql(place, "aaaa1")
    assert not (tmp_path / "database.db").exists()


@pytest.mark.parametrize("revision", ["bbbb1", "dddd1"])
def test_what_asks_the_database_says_so(place: Target, revision: str) -> None:
    """SQLite's batch mode reads the table that it makes again; the other asks by itself."""
    with pytest.raises(MigrationFailed):
        sql(place, revision)


def test_an_env_py_that_connects_all_the_same_reaches_nothing(
    place: Target, tmp_path: Path
) -> None:
    (place.script_location / "env.py").write_text(ALWAYS_CONNECTS)
    with pytest.raises(Unsupported, match="needs a database"):
        sql(place, "aaaa1")
    assert not (tmp_path / "database.db").exists()


def test_a_broken_file_is_named(place: Target) -> None:
    (place.script_location / "versions" / "eeee1_.py").write_text("revision = 'eeee1'\nup(")
    with pytest.raises(BrokenRevision, match=r"eeee1_\.py"):
        sql(place, "eeee1")
