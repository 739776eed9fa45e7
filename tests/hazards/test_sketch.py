"""Without a database, a file's own words stand for what the database would know."""

from __future__ import annotations

import pytest

from tests.hazards.judging import codes, only, sketched
from tests.histories.place import Place


def change(**arguments: str) -> str:
    """A change of a column with these arguments."""
    given = ", ".join(f"{name}={value}" for name, value in arguments.items())
    return f"op.alter_column('products', 'name', {given})"


TEXT = change(existing_type="sa.String(80)", type_="sa.Text")


def test_a_type_that_is_stated_as_the_old_one_counts(place: Place) -> None:
    assert "change-type" not in codes(sketched(place, TEXT))
    assert "copy-or-lock" in codes(sketched(place, TEXT, "mysql"))
    hazard = only(
        sketched(place, change(existing_type="sa.Integer", type_="sa.Text")), "change-type"
    )
    assert hazard.danger == "name of products becomes TEXT and was INTEGER: every row is rewritten."


def test_without_it_a_change_of_type_is_taken_for_a_rewrite(place: Place) -> None:
    hazard = only(sketched(place, change(type_="sa.Text")), "change-type")
    assert hazard.danger == "name of products becomes TEXT: every row is rewritten."


def test_what_is_required_already_is_not_read_for_a_null(place: Place) -> None:
    again = change(nullable="False", existing_nullable="False")
    assert "set-not-null-scan" not in codes(sketched(place, again))
    assert "set-not-null-scan" in codes(sketched(place, change(nullable="False")))


@pytest.mark.parametrize(
    ("up", "danger"),
    [
        ("op.drop_table(some())", "The table … is dropped: its rows are lost."),
        (
            "op.drop_column(some(), 'weight')",
            "The column weight of … is dropped: its values are lost.",
        ),
    ],
)
def test_what_has_no_name_in_the_file_is_told_once_without_one(
    place: Place, up: str, danger: str
) -> None:
    assert [hazard.danger for hazard in sketched(place, up)] == [danger]


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mysql"])
def test_a_statement_of_sqlalchemy_is_judged_as_its_sql(place: Place, database: str) -> None:
    up = "products = sa.table('products', sa.column('weight'))\nop.execute(products.{})"
    unsafe = sketched(place, up.format("update().values(weight=0)"), database)
    assert only(unsafe, "dml-without-where").subject == "products"
    safe = sketched(place, up.format("update().where(products.c.weight < 0).values(weight=0)"))
    assert "dml-without-where" not in codes(safe)


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mysql"])
def test_lines_that_send_what_is_computed_are_told_once(place: Place, database: str) -> None:
    up = "op.execute(make())\n" * 5 + "op.execute('SELECT 1')"
    hazard = only(sketched(place, up, database), "unread-statement")
    assert hazard.danger == "Lines 9, 10, 11 and 2 more send what is computed; that was not judged."
    assert "unread-statement" not in codes(sketched(place, "op.execute('SELECT 1')", database))


def test_a_condition_that_is_computed_is_not_guessed(place: Place) -> None:
    found = codes(sketched(place, "op.execute(f'DELETE FROM products {make()}')"))
    assert ("dml-without-where" in found, "unread-statement" in found) == (False, True)


def test_few_rows_that_are_written_out_hold_no_lock_for_long(place: Place) -> None:
    up = (
        "op.add_column('products', sa.Column('price', sa.Integer))\n"
        "op.bulk_insert(sa.table('products'), [{'id': 1}, {'id': 2}])"
    )
    hazard = only(sketched(place, up), "ddl-with-backfill")
    assert hazard.danger == "The revision changes the schema and writes 2 rows of products."
    assert hazard.severity == "warning"


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mysql"])
def test_a_table_that_the_plan_renames_is_still_the_one_that_was_there(
    place: Place, database: str
) -> None:
    up = "op.rename_table('products', 'goods')\nop.drop_table('goods')"
    assert only(sketched(place, up, database), "drop-table").subject == "goods"
    made = "op.create_table('draft', sa.Column('id', sa.Integer))\n"
    again = "op.rename_table('draft', 'goods')\nop.drop_table('goods')"
    assert codes(sketched(place, made + again, database)) <= {"several-ddl-in-one-revision"}


def test_a_column_that_the_database_computes_sends_nothing_computed(place: Place) -> None:
    up = "op.add_column('products', sa.Column('twice', sa.Integer, sa.Computed('weight * 2')))"
    assert "unread-statement" not in codes(sketched(place, up))


@pytest.mark.parametrize(
    ("made", "is_found"),
    [
        ("CREATE TABLE stock (id INT)", False),
        ("CREATE UNLOGGED TABLE stock AS SELECT 1 AS id", False),
        ("CREATE MATERIALIZED VIEW stock AS SELECT 1 AS id", False),
        ("CREATE TABLE IF NOT EXISTS stock (id INT)", True),
        ("CREATE TABLE other (id INT)", True),
    ],
)
def test_what_a_statement_makes_is_in_no_danger(place: Place, made: str, is_found: bool) -> None:
    up = f"op.execute({made!r})\nop.execute('CREATE INDEX ix ON stock (id)')"
    assert ("index-not-concurrent" in codes(sketched(place, up))) is is_found
