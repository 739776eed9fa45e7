"""An env.py that is asynchronous, as Alembic's own template makes it, runs like any other."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.schema.drift import find_drift
from console.schema.errors import MigrationFailed
from console.schema.executor import apply
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import Sample
from tests.histories.served import Served

ASYNCHRONOUS = """\
import asyncio

import sqlalchemy as sa
from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import async_engine_from_config

metadata = sa.MetaData()
sa.Table("products", metadata, sa.Column("id", sa.Integer, primary_key=True))


def migrate(connection):
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    engine = async_engine_from_config(
        {"sqlalchemy.url": context.config.get_main_option("sqlalchemy.url")},
        poolclass=pool.NullPool,
    )
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


asyncio.run(main())
"""


@pytest.fixture
def place(tmp_path: Path, postgresql: str) -> Served:
    """One revision behind, with a URL whose driver is asynchronous."""
    place = Served(tmp_path, postgresql, [PRODUCTS, PRICE], at="aaaa1")
    place.target = replace(
        place.target, url=postgresql.replace("postgresql+psycopg:", "postgresql+psycopg_async:")
    )
    place.environment(ASYNCHRONOUS)
    return place


def test_it_is_planned_rehearsed_compared_and_applied(place: Served) -> None:
    rehearsal = place.rehearse()
    assert rehearsal.succeeded, rehearsal.error
    assert rehearsal.way_back is not None
    assert rehearsal.way_back.works
    outcome = apply(place.target, place.plan(), expected=rehearsal.ledger)
    assert outcome.heads == ("bbbb1",)
    assert outcome.ledger.is_clean
    names = {table.name for table in find_drift(place.target).models.difference.tables}
    assert names == {"products", "reviews"}


def test_it_is_one_transaction_that_nobody_ends(place: Served) -> None:
    place.write(
        Sample("cccc1", ("bbbb1",), up='op.create_table("more")\nop.get_bind().commit()'),
    )
    before = place.dump()
    with pytest.raises(MigrationFailed):
        apply(place.target, place.plan("cccc1"))
    assert place.dump() == before


def test_it_may_leave_its_transaction(place: Served) -> None:
    block = "with op.get_context().autocommit_block():\n    "
    up = (
        "op.execute(\"UPDATE products SET name = 'it''s 5% \\\\\\\\ more'\")\n"
        + block
        + 'op.create_index("by_name", "products", ["name"], postgresql_concurrently=True)'
    )
    down = block + 'op.drop_index("by_name", "products", postgresql_concurrently=True)'
    place.write(Sample("cccc1", ("bbbb1",), up=up, down=down))
    rehearsal = place.rehearse()
    assert rehearsal.succeeded, rehearsal.error
    assert rehearsal.way_back is not None
    assert rehearsal.way_back.works
    assert apply(place.target, place.plan()).heads == ("cccc1",)
    assert set(place.ask("SELECT name FROM products")) == {"it's 5% \\\\ more"}


@pytest.fixture
def local(tmp_path: Path) -> Place:
    """The same on SQLite."""
    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    place.target = replace(
        place.target, url=place.target.url.replace("sqlite:", "sqlite+aiosqlite:")
    )
    place.environment(ASYNCHRONOUS)
    return place


def test_on_sqlite_it_is_rehearsed_compared_and_applied(local: Place) -> None:
    rehearsal = local.rehearse()
    assert rehearsal.succeeded, rehearsal.error
    assert rehearsal.way_back is not None
    assert rehearsal.way_back.works
    outcome = apply(local.target, local.plan(), expected=rehearsal.ledger)
    assert (
        outcome.ledger.verdict
        == "Nothing is lost: 6 rows in 2 tables, every earlier value identical."
    )
    names = {table.name for table in find_drift(local.target).models.difference.tables}
    assert names == {"products", "reviews"}


@pytest.mark.parametrize(
    "ends",
    [
        "op.get_bind().commit()",
        "op.get_bind().connection.dbapi_connection.commit()",
        "raw = op.get_bind().connection.dbapi_connection\n"
        "raw.run_async(lambda driver: driver.executescript('SELECT 1; COMMIT'))",
        "op.execute('INSERT OR ROLLBACK INTO products (id, name) VALUES (1, 2)')",
    ],
)
def test_on_sqlite_it_is_one_transaction_that_nobody_ends(local: Place, ends: str) -> None:
    up = f'op.create_table("more", sa.Column("id", sa.Integer))\n{ends}'
    local.write(Sample("cccc1", ("bbbb1",), up=up))
    before = local.dump()
    with pytest.raises(MigrationFailed):
        apply(local.target, local.plan("cccc1"))
    assert local.dump() == before
