"""The rules see on a real PostgreSQL what they see in made-up SQL: the plans run on clones there."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from console.hazards.stable import STABLE
from console.schema.errors import PlanChanged
from console.schema.executor import apply
from tests.hazards.judging import batch, judged, only
from tests.hazards.shop import shop
from tests.histories.place import Place
from tests.servers import engine_of


@pytest.fixture
def on_postgresql(tmp_path: Path, postgresql: str) -> Place:
    """The shop on PostgreSQL."""
    return shop(tmp_path, postgresql)


def test_what_is_done_carefully_on_postgresql_is_no_hazard(on_postgresql: Place) -> None:
    up = """\
op.add_column("products", sa.Column("made", sa.DateTime, server_default=sa.func.now(), nullable=False))
op.alter_column("products", "name", type_=sa.Text)
op.create_check_constraint("ck", "products", "weight > 0", postgresql_not_valid=True)
op.create_table("labels", sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("product", sa.Integer, sa.ForeignKey("products.id"), index=True),
    sa.Column("extra", sa.dialects.postgresql.JSONB))"""
    down = """\
op.drop_table("labels")
op.drop_constraint("ck", "products")
op.alter_column("products", "name", type_=sa.String(60))
op.drop_column("products", "made")"""
    assert judged(on_postgresql, up, down) == ()


def test_a_worse_answer_stops_a_plan_under_the_lock(on_postgresql: Place) -> None:
    with engine_of(on_postgresql.target.url).connect() as connection:
        connection.exec_driver_sql("INSERT INTO products (id) VALUES (4)")
        drop = only(judged(on_postgresql, batch("batch.drop_column('weight')")), "drop-column")
        assert [probe.answer for probe in drop.evidence] == [3]
        connection.exec_driver_sql("UPDATE products SET weight = 5 WHERE weight IS NULL")
        with pytest.raises(PlanChanged, match="4 rows of products hold a value in weight"):
            apply(on_postgresql.target, on_postgresql.plan(), probes=drop.evidence)
        connection.exec_driver_sql("DELETE FROM products WHERE id > 2")
    outcome = apply(on_postgresql.target, on_postgresql.plan(), probes=drop.evidence)
    assert outcome.heads == ("cccc1",)


CONCURRENT = """\
with op.get_context().autocommit_block():
    op.create_index("ix_name", "products", ["name"], postgresql_concurrently=True, if_not_exists=True)"""
BACK = """\
with op.get_context().autocommit_block():
    op.drop_index("ix_name", "products", postgresql_concurrently=True)"""


def test_the_rewrite_of_an_index_is_no_hazard(on_postgresql: Place) -> None:
    assert judged(on_postgresql, CONCURRENT, BACK) == ()


def test_an_invalid_index_is_seen_where_the_clone_has_none(on_postgresql: Place) -> None:
    with engine_of(on_postgresql.target.url).connect() as other:
        with pytest.raises(IntegrityError):
            other.exec_driver_sql("CREATE UNIQUE INDEX CONCURRENTLY ix_name ON products (name)")
        hazards = judged(on_postgresql, CONCURRENT, BACK)
        assert only(hazards, "invalid-index-present").danger == "1 index of products is not valid."
    hazards = judged(on_postgresql, CONCURRENT, BACK)
    assert only(hazards, "invalid-index-present").subject == "products.ix_name"


def test_no_function_that_is_taken_for_stable_is_volatile(postgresql: str) -> None:
    with engine_of(postgresql).connect() as connection:
        volatile = connection.exec_driver_sql("SELECT proname FROM pg_proc WHERE provolatile = 'v'")
        assert not STABLE & set(volatile.scalars())
