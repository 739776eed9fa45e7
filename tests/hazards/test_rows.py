"""Rows that a migration rewrites."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hazards.judging import judged, only
from tests.hazards.making import made_up
from tests.histories.place import Place


def test_a_whole_table_emptied_is_told_with_its_rows(place: Place) -> None:
    hazards = judged(place, "op.get_bind().exec_driver_sql('DELETE FROM reviews')")
    assert only(hazards, "dml-without-where").danger == (
        "DELETE without WHERE removes all 3 rows of reviews."
    )


def test_an_update_with_where_is_no_hazard(place: Place) -> None:
    assert (
        judged(place, "op.execute('UPDATE reviews SET text = id WHERE id < 0')", "op.f('x')") == ()
    )


def test_schema_and_rows_in_one_revision_hold_the_lock(place: Place) -> None:
    up = (
        "op.add_column('products', sa.Column('price', sa.Integer))\n"
        "op.execute('UPDATE products SET price = weight WHERE weight IS NOT NULL')"
    )
    hazard = only(judged(place, up), "ddl-with-backfill")
    assert hazard.danger.startswith("The revision changes the schema and writes 2 rows of products")
    assert hazard.severity == "warning"


def test_a_where_inside_of_brackets_is_none_of_the_statement(place: Place) -> None:
    up = 'op.execute("UPDATE reviews SET text = (SELECT name FROM products p WHERE p.id = product_id)")'
    assert only(judged(place, up), "dml-without-where").severity == "error"


def test_filling_a_new_column_of_a_small_table_overwrites_nothing(place: Place) -> None:
    up = (
        "op.add_column('reviews', sa.Column('stars', sa.Integer))\n"
        "op.execute('UPDATE reviews SET stars = 5')"
    )
    assert only(judged(place, up), "dml-without-where").severity == "warning"


@pytest.mark.parametrize(
    "sql", ["UPDATE ONLY public.products SET price = 1", 'DELETE FROM "public"."products"']
)
def test_a_schema_before_the_name_hides_nothing(tmp_path: Path, sql: str) -> None:
    assert only(made_up(tmp_path, "postgresql", sql), "dml-without-where").subject == "products"


@pytest.mark.parametrize("where", ["true", "1 = 1", "1=1"])
def test_a_where_that_is_always_true_is_none(place: Place, where: str) -> None:
    hazard = only(
        judged(place, f"op.execute('DELETE FROM reviews WHERE {where}')"), "dml-without-where"
    )
    assert hazard.danger == "DELETE without WHERE removes all 3 rows of reviews."
    assert hazard.rewrite.endswith('op.execute("DELETE FROM reviews WHERE …")')
