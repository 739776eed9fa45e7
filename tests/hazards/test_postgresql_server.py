"""The rules see on a real PostgreSQL what they see in made-up SQL: the plans run on clones there."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.hazards.hazard import Hazard
from console.schema.errors import PlanChanged
from console.schema.executor import apply
from tests.hazards.judging import batch, codes, judged, only
from tests.hazards.shop import shop
from tests.histories.place import Place
from tests.servers import engine_of


@pytest.fixture
def on_postgresql(tmp_path: Path, postgresql: str) -> Place:
    """The shop on PostgreSQL."""
    return shop(tmp_path, postgresql)


def severities(hazards: tuple[Hazard, ...]) -> set[str]:
    """Of what depends on the size of a table."""
    return {hazard.severity for hazard in hazards if hazard.evidence}


def test_what_locks_a_postgresql_table_is_a_warning_while_it_is_small(on_postgresql: Place) -> None:
    up = """\
op.add_column("products", sa.Column("key", sa.UUID, server_default=sa.func.gen_random_uuid()))
op.add_column("products", sa.Column("number", sa.Integer, sa.Identity()))
op.add_column("products", sa.Column("twice", sa.Integer, sa.Computed("weight * 2", persisted=True)))
op.alter_column("products", "name", type_=sa.String(40))
op.alter_column("products", "weight", nullable=False)
op.execute("UPDATE reviews SET product = 1 WHERE product > 3")
op.create_foreign_key("fk", "reviews", "products", ["product"], ["id"])
op.create_check_constraint("ck", "products", sa.column("weight") > 0)
op.create_unique_constraint("uq", "products", ["weight"])
op.create_index("ix_name", "products", ["name"])
op.drop_index("ix_weight", "products")
op.add_column("products", sa.Column("extra", sa.JSON))"""
    hazards = judged(on_postgresql, up, "raise NotImplementedError")
    assert codes(hazards) >= {
        "volatile-default", "add-serial", "add-stored-generated", "change-type", "narrowing-type",
        "set-not-null-scan", "foreign-key-valid", "check-valid", "add-unique-constraint",
        "index-not-concurrent", "drop-index-not-concurrent", "json-column",
        "foreign-key-without-index", "ddl-with-backfill",
    }  # fmt: skip
    assert "add-foreign-key-with-orphans" not in codes(hazards)
    assert severities(hazards) == {"warning"}


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


@pytest.mark.parametrize(
    ("up", "code", "number"),
    [
        (
            "op.create_foreign_key('fk', 'reviews', 'products', ['product'], ['id'])",
            "add-foreign-key-with-orphans",
            1,
        ),
        (
            "op.create_check_constraint('ck', 'products', sa.column('weight') < 1000)",
            "add-check-with-violators",
            1,
        ),
        (
            "op.create_unique_constraint('uq', 'products', ['name'])",
            "add-unique-with-duplicates",
            1,
        ),
        ("op.alter_column('reviews', 'product', nullable=False)", "set-not-null-with-nulls", 1),
        ("op.alter_column('products', 'weight', type_=sa.SmallInteger)", "narrowing-type", 70000),
        (
            "op.add_column('products', sa.Column('sku', sa.Text, nullable=False))",
            "add-not-null-without-default",
            3,
        ),
    ],
)
def test_rows_that_postgresql_refuses_are_counted(
    on_postgresql: Place, up: str, code: str, number: int
) -> None:
    hazard = only(judged(on_postgresql, up), code)
    assert hazard.severity == "error"
    assert [probe.answer for probe in hazard.evidence] == [number]


def test_a_worse_answer_stops_a_plan_under_the_lock(on_postgresql: Place) -> None:
    drop = only(judged(on_postgresql, batch("batch.drop_column('weight')")), "drop-column")
    assert [probe.answer for probe in drop.evidence] == [3]
    with engine_of(on_postgresql.target.url).connect() as connection:
        connection.exec_driver_sql("INSERT INTO products (id, weight) VALUES (4, 5)")
        with pytest.raises(PlanChanged, match="4 rows of products hold a value in weight"):
            apply(on_postgresql.target, on_postgresql.plan(), probes=drop.evidence)
        connection.exec_driver_sql("DELETE FROM products WHERE id > 2")
    outcome = apply(on_postgresql.target, on_postgresql.plan(), probes=drop.evidence)
    assert outcome.heads == ("cccc1",)
