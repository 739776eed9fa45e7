"""What a plan renames is judged by what it was before, on every database."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.hazards.judging import codes, judged, only, sketched
from tests.hazards.shop import shop
from tests.histories.place import Place
from tests.servers import engine_of

RENAMED = "op.rename_table('reviews', 'opinions')\n"


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "mysql"])
def any_place(request: pytest.FixtureRequest, tmp_path: Path, place: Place) -> Place:
    """Three products and three reviews on each kind of server."""
    if request.param == "sqlite":
        return place
    return shop(tmp_path, request.getfixturevalue(request.param))


def test_a_table_that_was_renamed_before_it_is_dropped(any_place: Place) -> None:
    hazards = judged(any_place, f"{RENAMED}op.drop_table('opinions')")
    assert only(hazards, "drop-table").danger == "The table opinions is dropped: 3 rows lost."
    assert only(hazards, "rename-table").subject == "reviews"


def test_rows_that_are_removed_under_a_new_name(any_place: Place) -> None:
    hazards = judged(any_place, f"{RENAMED}op.execute('DELETE FROM opinions')")
    hazard = only(hazards, "dml-without-where")
    assert hazard.danger == "DELETE without WHERE removes all 3 rows of opinions."


def test_a_column_that_was_renamed_before_it_is_dropped(any_place: Place) -> None:
    batch = "with op.batch_alter_table('products') as batch:\n    batch."
    rename = "alter_column('weight', new_column_name='mass', existing_type=sa.Integer())\n"
    hazards = judged(any_place, f"{batch}{rename}{batch}drop_column('mass')")
    danger = only(hazards, "drop-column").danger
    assert re.fullmatch("The column mass of products is dropped: [23] values lost.", danger)
    assert only(hazards, "rename-column").subject == "products.weight"


def test_a_name_in_between_is_none_that_code_knows(any_place: Place) -> None:
    hazards = judged(any_place, f"{RENAMED}op.rename_table('opinions', 'remarks')")
    assert only(hazards, "rename-table").subject == "reviews"


def test_a_table_of_the_plan_itself_stays_new_under_another_name(any_place: Place) -> None:
    up = (
        "op.create_table('draft', sa.Column('id', sa.Integer, primary_key=True))\n"
        "op.rename_table('draft', 'stock')\nop.execute('DELETE FROM stock')\nop.drop_table('stock')"
    )
    expected = {"several-ddl-in-one-revision", "empty-downgrade"}
    assert codes(judged(any_place, up)) <= expected


SWAPPED = (
    "op.rename_table('products', 'tmp')\n"
    "op.rename_table('reviews', 'products')\n"
    "op.rename_table('tmp', 'reviews')\n"
)
SWAPPED_BY_SQL = "".join(
    f"op.execute('ALTER TABLE {old} RENAME TO {new}')\n"
    for old, new in (("products", "tmp"), ("reviews", "products"), ("tmp", "reviews"))
)


@pytest.mark.parametrize("swap", [SWAPPED, SWAPPED_BY_SQL])
def test_names_that_were_swapped_mean_the_other_table(any_place: Place, swap: str) -> None:
    with engine_of(any_place.target.url).connect() as connection:
        connection.exec_driver_sql("DELETE FROM reviews WHERE id = 3")
    up = f"{swap}op.execute('DELETE FROM products')\nop.drop_table('reviews')"
    hazards = judged(any_place, up)
    assert only(hazards, "dml-without-where").danger.endswith("all 2 rows of products.")
    assert only(hazards, "drop-table").danger == "The table reviews is dropped: 3 rows lost."
    assert {h.subject for h in hazards if h.code == "reused-name"} == {"products", "reviews"}
    assert "rename-table" not in codes(hazards)


def test_the_same_in_one_statement_of_mariadb(tmp_path: Path, either: str) -> None:
    place = shop(tmp_path, either)
    with engine_of(either).connect() as connection:
        connection.exec_driver_sql("DELETE FROM reviews WHERE id = 3")
    pairs = "products TO tmp, reviews TO products, tmp TO reviews"
    up = f"op.execute('RENAME TABLE {pairs}')\nop.execute('DELETE FROM products')"
    hazards = judged(place, up, "raise NotImplementedError")
    assert only(hazards, "dml-without-where").danger.endswith("all 2 rows of products.")


def test_a_name_in_between_means_what_it_was_taken_from(any_place: Place) -> None:
    up = SWAPPED.replace(
        "op.rename_table('tmp'", "op.execute('DELETE FROM tmp')\nop.rename_table('tmp'"
    )
    hazards = judged(any_place, up)
    assert only(hazards, "dml-without-where").danger.endswith("all 3 rows of tmp.")


def test_a_table_that_is_made_under_a_name_that_was_left_is_new(any_place: Place) -> None:
    up = (
        f"{RENAMED}op.create_table('reviews', sa.Column('id', sa.Integer, primary_key=True))\n"
        "op.execute('DELETE FROM reviews')"
    )
    hazards = judged(any_place, up, "raise NotImplementedError")
    assert "dml-without-where" not in codes(hazards)


def renamed(old: str, new: str, is_batch: bool = False) -> str:
    """A rename of a column of products."""
    change = f"{old!r}, new_column_name={new!r}, existing_type=sa.Integer())\n"
    if not is_batch:
        return f"op.alter_column('products', {change}"
    return f"with op.batch_alter_table('products') as batch:\n    batch.alter_column({change}"


COLUMNS_SWAPPED = (("weight", "tmp"), ("height", "weight"), ("tmp", "height"))


@pytest.mark.parametrize("is_batch", [False, True])
def test_columns_whose_names_were_swapped_are_read_as_each_other(
    any_place: Place, is_batch: bool
) -> None:
    with engine_of(any_place.target.url).connect() as connection:
        connection.exec_driver_sql("ALTER TABLE products ADD COLUMN height INTEGER")
    up = "".join(renamed(old, new, is_batch) for old, new in COLUMNS_SWAPPED)
    hazards = judged(any_place, up, "raise NotImplementedError")
    assert {h.danger for h in hazards if h.code == "reused-name"} == {
        f"{name} of products is afterwards what {other} is now: code that knows {name} reads and writes the "
        f"values of {other}."
        for name, other in (("weight", "height"), ("height", "weight"))
    }
    assert "rename-column" not in codes(hazards)


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mysql"])
def test_a_file_alone_shows_it_too(place: Place, database: str) -> None:
    up = "".join(renamed(old, new) for old, new in COLUMNS_SWAPPED)
    found = {h.subject for h in sketched(place, up, database) if h.code == "reused-name"}
    assert found == {"products.weight", "products.height"}


def test_a_column_that_gets_its_name_back_is_called_as_before(any_place: Place) -> None:
    up = renamed("weight", "tmp") + renamed("tmp", "weight")
    found = codes(judged(any_place, up, "raise NotImplementedError"))
    assert not {"reused-name", "rename-column"} & found


def test_a_new_column_under_the_old_name_is_what_the_plan_makes_of_it(any_place: Place) -> None:
    up = "op.add_column('products', sa.Column('weight_new', sa.Integer()))\n"
    up += renamed("weight", "weight_old") + renamed("weight_new", "weight")
    assert "reused-name" not in codes(judged(any_place, up, "raise NotImplementedError"))


def test_what_is_called_otherwise_keeps_its_columns(any_place: Place) -> None:
    up = (
        "op.create_table('products_new', sa.Column('id', sa.Integer, primary_key=True))\n"
        "op.rename_table('products', 'products_old')\nop.rename_table('products_new', 'products')"
    )
    assert "drop-column" not in codes(judged(any_place, up, "raise NotImplementedError"))
