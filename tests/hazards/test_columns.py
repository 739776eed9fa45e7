"""Columns that go, get another name, or become required."""

from __future__ import annotations

from pathlib import Path

from console.hazards.judge import judge
from console.schema.history import read_history
from tests.hazards.judging import batch, codes, judged, only
from tests.hazards.making import made_up
from tests.histories.place import PRICE, PRODUCTS, Place

TITLE = "batch.add_column(sa.Column('title', sa.String(80)))"


def test_dropping_a_column_by_sql_is_seen_as_well(place: Place) -> None:
    hazards = judged(place, "op.execute('ALTER TABLE products DROP COLUMN weight')")
    assert only(hazards, "drop-column").subject == "products.weight"


def test_the_downgrade_of_price_says_how_many_values_go(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="bbbb1")
    place.run("UPDATE products SET price = 10;")
    plan = place.plan("aaaa1")
    hazards = judge(place.target, plan, place.rehearse("aaaa1"), read_history(place.target))
    assert only(hazards, "drop-column").danger == (
        "The column price of products is dropped: 3 values lost."
    )


def test_a_drop_and_an_add_of_other_types_are_no_rename(place: Place) -> None:
    hazards = judged(place, batch("batch.drop_column('weight')", TITLE))
    assert {hazard.code for hazard in hazards} >= {"drop-column"}
    assert "rename-suspect" not in {hazard.code for hazard in hazards}


def test_renaming_a_column_breaks_running_code_but_loses_nothing(place: Place) -> None:
    up = batch("batch.alter_column('weight', new_column_name='grams')")
    hazards = judged(place, up, batch("batch.alter_column('grams', new_column_name='weight')"))
    assert only(hazards, "rename-column").subject == "products.weight"
    assert "drop-column" not in {hazard.code for hazard in hazards}


def test_not_null_after_the_nulls_were_filled_is_no_hazard(place: Place) -> None:
    up = "op.execute('UPDATE products SET weight = 0 WHERE weight IS NULL')\n" + batch(
        "batch.alter_column('weight', existing_type=sa.Integer, nullable=False)"
    )
    assert "set-not-null-with-nulls" not in {hazard.code for hazard in judged(place, up)}


def test_each_column_of_one_statement_is_dropped(tmp_path: Path) -> None:
    sql = "ALTER TABLE products DROP COLUMN name, DROP price, DROP CONSTRAINT ck_filled"
    hazards = made_up(tmp_path, "postgresql", sql)
    dropped = {hazard.subject for hazard in hazards if hazard.code == "drop-column"}
    assert dropped == {"products.name", "products.price"}


def test_a_column_that_is_dropped_and_made_again_with_its_values_is_not_lost(place: Place) -> None:
    place.run(
        "CREATE TABLE parts (id INTEGER PRIMARY KEY, twice INTEGER AS (id * 2)); "
        "INSERT INTO parts (id) VALUES (1);"
    )
    up = "\n".join(
        f"op.execute('ALTER TABLE parts {change}')"
        for change in ("DROP COLUMN twice", "ADD COLUMN twice INTEGER AS (id * 2)")
    )
    assert "drop-column" not in codes(judged(place, up))
