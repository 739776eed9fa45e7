"""The rules see on a real server what they see in made-up SQL: the plans run on clones there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from console.hazards.hazard import Hazard
from console.schema.executor import apply
from tests.hazards.judging import codes, judged, only
from tests.histories.place import Place
from tests.histories.script_folder import Sample
from tests.servers import engine_of

SHOP = Sample(
    "aaaa1",
    up="""\
op.create_table(
    "products",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(60), server_default="new", comment="Its name", nullable=False),
    sa.Column("weight", sa.Integer),
)
op.create_table(
    "reviews", sa.Column("id", sa.Integer, primary_key=True), sa.Column("product", sa.Integer)
)
op.create_index("ix_weight", "products", ["weight"])""",
    down="raise NotImplementedError",
)
ROWS = (
    "INSERT INTO products (id, name, weight) VALUES (1, 'Lamp', 700), (2, 'Lamp', 70000), (3, 'Rug', 1)",
    "INSERT INTO reviews (id, product) VALUES (1, 1), (2, 7), (3, NULL)",
)


def shop(folder: Path, url: str) -> Place:
    """A shop on a server, with three products and three reviews."""
    place = Place(folder, [SHOP])
    place.target = replace(place.target, url=url)
    apply(place.target, place.plan())
    with engine_of(url).connect() as connection:
        for statement in ROWS:
            connection.exec_driver_sql(statement)
    return place


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
