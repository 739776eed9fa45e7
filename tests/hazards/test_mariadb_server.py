"""The rules see on a real MariaDB what they see in made-up SQL: the plans run on clones there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hazards.judging import codes, judged, only
from tests.hazards.shop import shop
from tests.histories.place import Place
from tests.servers import engine_of


@pytest.fixture
def on_mariadb(tmp_path: Path, mariadb: str) -> Place:
    """The shop on MariaDB."""
    return shop(tmp_path, mariadb)


def test_what_mariadb_changes_silently_is_found(on_mariadb: Place) -> None:
    up = """\
op.add_column("products", sa.Column("sku", sa.String(9), nullable=False))
op.alter_column("products", "name", existing_type=sa.String(60), type_=sa.String(80))
op.alter_column("products", "weight", existing_type=sa.Integer, type_=sa.BigInteger)
op.execute("ALTER TABLE reviews ADD maker INTEGER REFERENCES products (id)")"""
    hazards = judged(on_mariadb, up, "raise NotImplementedError")
    assert only(hazards, "implicit-default").danger.startswith("All 3 rows of products silently")
    assert only(hazards, "alter-missing-existing").danger == (
        "name of products loses NOT NULL and its default 'new' and its comment 'Its name', "
        "since the operation does not repeat it."
    )
    assert only(hazards, "several-ddl-in-one-revision").danger.startswith("4 statements")
    assert only(hazards, "copy-or-lock").severity == "warning"
    assert "varchar-boundary" in codes(hazards)
    assert "inline-references" not in codes(hazards)  # this server makes a key of it


def test_what_is_done_carefully_on_mariadb_is_no_hazard(on_mariadb: Place) -> None:
    up = "op.add_column('products', sa.Column('sku', sa.String(9), server_default='', nullable=False))"
    assert judged(on_mariadb, up, "op.drop_column('products', 'sku')") == ()


@pytest.mark.parametrize(
    ("up", "code"),
    [
        (
            "op.create_foreign_key('fk', 'reviews', 'products', ['product'], ['id'])",
            "add-foreign-key-with-orphans",
        ),
        (
            "op.create_check_constraint('ck', 'products', sa.column('weight') < 1000)",
            "add-check-with-violators",
        ),
        ("op.create_unique_constraint('uq', 'products', ['name'])", "add-unique-with-duplicates"),
        (
            "op.alter_column('reviews', 'product', existing_type=sa.Integer, nullable=False)",
            "set-not-null-with-nulls",
        ),
    ],
)
def test_rows_that_mariadb_refuses_are_counted(on_mariadb: Place, up: str, code: str) -> None:
    hazard = only(judged(on_mariadb, up), code)
    assert hazard.severity == "error"
    assert [probe.answer for probe in hazard.evidence] == [1]


def test_a_column_of_a_unique_cannot_be_dropped_on_mariadb(on_mariadb: Place) -> None:
    with engine_of(on_mariadb.target.url).connect() as connection:
        connection.exec_driver_sql(
            "ALTER TABLE reviews ADD COLUMN a INTEGER, ADD UNIQUE pair (product, a)"
        )
    hazard = only(judged(on_mariadb, "op.drop_column('reviews', 'a')"), "unique-column-drop")
    assert hazard.danger == "a of reviews stands in the UNIQUE pair (product, a)."
