"""Every hazard is raised where it is one, with its numbers, and not where it is none.

The migrations run for real, on a clone with three products and three reviews.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from console.hazards.hazard import Hazard
from console.hazards.judge import judge
from console.hazards.registry import RULES, rule
from console.schema.history import read_history
from console.schema.rehearsal import Rehearsal
from console.schema.statement import Statement
from console.schema.wire import decode
from tests.hazards.judging import batch, judged, only, read
from tests.histories.place import PRICE, PRODUCTS, Place

TITLE = "batch.add_column(sa.Column('title', sa.String(80)))"


def test_a_new_nullable_column_in_a_batch_is_no_hazard(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    place.run("DROP TABLE reviews;")
    plan, rehearsal = place.plan(), place.rehearse()
    assert rehearsal.succeeded
    assert judge(place.target, plan, rehearsal, read_history(place.target)) == ()


def test_what_is_done_carefully_is_no_hazard(place: Place) -> None:
    careful = """\
op.create_table(
    "labels", sa.Column("id", sa.Integer, primary_key=True), sa.Column("old", sa.Text)
)
op.execute("INSERT INTO labels (old) VALUES ('a'), ('b')")
op.execute("UPDATE labels SET old = 'c'")
op.execute("DELETE FROM labels")
with op.batch_alter_table("labels") as batch:
    batch.add_column(sa.Column("needed", sa.Text, nullable=False))
    batch.alter_column("old", new_column_name="new")
    batch.create_unique_constraint("uq_labels_new", ["new"])
with op.batch_alter_table("labels") as batch:
    batch.alter_column("needed", existing_type=sa.Text, nullable=True)
    batch.drop_column("new")
op.rename_table("labels", "tags")
op.drop_table("tags")
op.add_column("products", sa.Column("stock", sa.Integer, nullable=False, server_default="0"))
op.create_index("ix_products_name", "products", ["name"])
"""
    undo = 'op.drop_index("ix_products_name")\nop.drop_column("products", "stock")'
    assert judged(place, careful, undo) == ()


def test_dropping_a_table_says_how_many_rows_go(place: Place) -> None:
    hazard = only(judged(place, "op.drop_table('reviews')"), "drop-table")
    assert hazard.danger == "The table reviews is dropped: 3 rows lost."
    assert (hazard.severity, hazard.subject, hazard.revision) == ("error", "reviews", "cccc1")


def test_dropping_a_table_by_sql_is_seen_as_well(place: Place) -> None:
    hazards = judged(place, "op.execute('-- gone\\nDROP TABLE IF EXISTS \"reviews\"')")
    assert only(hazards, "drop-table").subject == "reviews"


def test_dropping_an_empty_table_is_a_warning(place: Place) -> None:
    place.run("DELETE FROM reviews;")
    hazard = only(judged(place, "op.drop_table('reviews')"), "drop-table")
    assert (hazard.severity, hazard.danger) == (
        "warning",
        "The table reviews is dropped: it is empty.",
    )


def test_dropping_a_column_says_how_many_values_go(place: Place) -> None:
    hazard = only(judged(place, batch("batch.drop_column('weight')")), "drop-column")
    assert hazard.danger == "The column weight of products is dropped: 2 values lost."
    assert (hazard.severity, hazard.subject) == ("error", "products.weight")


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


def test_a_drop_and_an_add_of_the_same_type_may_be_a_rename(place: Place) -> None:
    place.run("ALTER TABLE products ADD COLUMN label VARCHAR(80); UPDATE products SET label = 'x';")
    hazard = only(judged(place, batch("batch.drop_column('label')", TITLE)), "rename-suspect")
    assert hazard.subject == "products.label"
    assert "3 values are lost for nothing" in hazard.danger
    assert 'new_column_name="title"' in hazard.rewrite


def test_a_drop_and_an_add_of_other_types_are_no_rename(place: Place) -> None:
    hazards = judged(place, batch("batch.drop_column('weight')", TITLE))
    assert {hazard.code for hazard in hazards} >= {"drop-column"}
    assert "rename-suspect" not in {hazard.code for hazard in hazards}


def test_renaming_a_column_breaks_running_code_but_loses_nothing(place: Place) -> None:
    up = batch("batch.alter_column('weight', new_column_name='grams')")
    hazards = judged(place, up, batch("batch.alter_column('grams', new_column_name='weight')"))
    assert only(hazards, "rename-column").subject == "products.weight"
    assert "drop-column" not in {hazard.code for hazard in hazards}


def test_renaming_a_table_breaks_running_code_but_loses_nothing(place: Place) -> None:
    hazards = judged(
        place, "op.rename_table('reviews', 'notes')", "op.rename_table('notes', 'reviews')"
    )
    assert [hazard.code for hazard in hazards] == ["rename-table"]
    assert "3 rows" in hazards[0].danger


def test_a_whole_table_rewritten_is_told_with_its_rows(place: Place) -> None:
    hazards = judged(place, "op.execute(\"UPDATE reviews SET text = 'where'\")")
    assert only(hazards, "dml-without-where").danger == (
        "UPDATE without WHERE rewrites all 3 rows of reviews."
    )


def test_a_whole_table_emptied_is_told_with_its_rows(place: Place) -> None:
    hazards = judged(place, "op.get_bind().exec_driver_sql('DELETE FROM reviews')")
    assert only(hazards, "dml-without-where").danger == (
        "DELETE without WHERE removes all 3 rows of reviews."
    )


def test_an_update_with_where_is_no_hazard(place: Place) -> None:
    assert (
        judged(place, "op.execute('UPDATE reviews SET text = id WHERE id < 0')", "op.f('x')") == ()
    )


def test_a_required_column_without_a_default_fails_where_there_are_rows(place: Place) -> None:
    up = batch("batch.add_column(sa.Column('sku', sa.Text, nullable=False))")
    hazard = only(judged(place, up), "add-not-null-without-default")
    assert hazard.danger == "products has 3 rows, none of which has a value for the required sku."


def test_not_null_fails_where_there_are_nulls(place: Place) -> None:
    up = batch("batch.alter_column('weight', existing_type=sa.Integer, nullable=False)")
    hazard = only(judged(place, up), "set-not-null-with-nulls")
    assert hazard.danger == "1 row of products hold NULL in weight."


def test_not_null_after_the_nulls_were_filled_is_no_hazard(place: Place) -> None:
    up = "op.execute('UPDATE products SET weight = 0 WHERE weight IS NULL')\n" + batch(
        "batch.alter_column('weight', existing_type=sa.Integer, nullable=False)"
    )
    assert "set-not-null-with-nulls" not in {hazard.code for hazard in judged(place, up)}


def test_a_required_column_that_may_be_null_from_now_on_is_a_warning(place: Place) -> None:
    up = batch("batch.alter_column('name', existing_type=sa.String(80), nullable=True)")
    hazard = only(judged(place, up), "drop-not-null")
    assert (hazard.severity, hazard.subject) == ("warning", "products.name")


def test_a_unique_constraint_fails_where_there_are_duplicates(place: Place) -> None:
    up = batch("batch.create_unique_constraint('uq', ['product_id'])", table="reviews")
    hazard = only(judged(place, up), "add-unique-with-duplicates")
    assert hazard.danger == "Some of the 3 rows of reviews have the same product_id."


def test_a_unique_constraint_without_duplicates_is_no_hazard(place: Place) -> None:
    up = batch("batch.create_unique_constraint('uq', ['text'])", table="reviews")
    down = batch("batch.drop_constraint('uq', type_='unique')", table="reviews")
    assert judged(place, up, down) == ()


def test_schema_and_rows_in_one_revision_hold_the_lock(place: Place) -> None:
    up = (
        "op.add_column('products', sa.Column('price', sa.Integer))\n"
        "op.execute('UPDATE products SET price = weight WHERE weight IS NOT NULL')"
    )
    hazard = only(judged(place, up), "ddl-with-backfill")
    assert hazard.danger.startswith("The revision changes the schema and writes 2 rows of products")
    assert hazard.severity == "warning"


def test_a_constraint_outside_of_a_batch_fails_on_sqlite(place: Place) -> None:
    hazard = only(
        judged(place, "op.create_check_constraint('c', 'products', 'id > 0')"),
        "alter-outside-batch",
    )
    assert hazard.subject == "products"


def test_a_rebuilt_parent_endangers_its_children_outside_of_the_console(place: Place) -> None:
    up = batch("batch.alter_column('name', existing_type=sa.String(80), type_=sa.Text)")
    hazard = only(judged(place, up), "batch-foreign-key-action")
    assert (hazard.severity, hazard.subject) == ("warning", "reviews")
    assert "3 rows of reviews" in hazard.danger


def test_a_rebuilt_table_without_children_endangers_nobody(place: Place) -> None:
    up = batch(
        "batch.alter_column('text', existing_type=sa.Text, type_=sa.String(9))", table="reviews"
    )
    down = batch(
        "batch.alter_column('text', existing_type=sa.String(9), type_=sa.Text)", table="reviews"
    )
    assert judged(place, up, down) == ()


def test_a_trigger_that_batch_mode_forgets_is_an_error(place: Place) -> None:
    place.run(
        "CREATE TRIGGER tidy AFTER INSERT ON reviews BEGIN "
        "UPDATE reviews SET text = trim(text) WHERE id = new.id; END;"
    )
    up = batch(
        "batch.alter_column('text', existing_type=sa.Text, type_=sa.String(9))", table="reviews"
    )
    hazard = only(judged(place, up), "batch-object-loss")
    assert (hazard.severity, hazard.subject) == ("error", "reviews.tidy")


def test_a_migration_that_touches_the_console_is_an_error(place: Place) -> None:
    place.run("CREATE TABLE console_account (id INTEGER PRIMARY KEY);")
    hazard = only(judged(place, "op.drop_table('console_account')"), "drops-console-tables")
    assert (hazard.severity, hazard.subject) == ("error", "console_account")


def test_truncate_is_an_error(place: Place) -> None:
    place.write(PRICE)
    plan, rehearsal = place.plan(), place.rehearse()
    (step,) = rehearsal.steps
    said = replace(step, statements=(Statement("bbbb1", "TRUNCATE TABLE reviews", 1.0),))
    told: Rehearsal = replace(rehearsal, steps=(said,))
    hazards = judge(place.target, plan, told, read_history(place.target))
    assert only(hazards, "truncate").danger == "Every row of reviews is removed: 3 rows."


def test_a_way_back_that_loses_what_was_there_is_told(place: Place) -> None:
    up = batch("batch.add_column(sa.Column('x', sa.Text))")
    down = batch("batch.drop_column('x')", "batch.drop_column('weight')")
    hazard = only(judged(place, up, down), "lossy-downgrade")
    assert "column weight removed, 2 values lost" in hazard.danger


def test_a_way_back_that_fails_is_told_unless_it_says_so_itself(place: Place) -> None:
    up = "op.add_column('products', sa.Column('x', sa.Text))"
    assert "fails" in only(judged(place, up, "1 / 0"), "lossy-downgrade").danger
    assert judged(place, up, "raise NotImplementedError('no way back')") == ()


def test_an_empty_downgrade_is_a_warning(place: Place) -> None:
    hazards = read(place, "op.drop_table('reviews')")
    assert only(hazards, "empty-downgrade").severity == "warning"
    assert read(place, "op.drop_table('reviews')", "raise NotImplementedError") == ()


@pytest.mark.parametrize("line", ["from shop.models import Product", "from myapp import models"])
def test_models_of_the_application_do_not_belong_into_a_revision(place: Place, line: str) -> None:
    hazards = read(place, "pass", "op.f('x')", top=line)
    assert only(hazards, "imports-live-models").severity == "error"


def test_modules_of_the_application_do_not_belong_into_a_revision(place: Place) -> None:
    (place.folder / "shop").mkdir()
    place.target = replace(place.target, paths=(place.folder,))
    hazards = read(place, "from shop.product import Product", "op.f('x')")
    assert only(hazards, "imports-live-models").subject == "shop.product.Product"


def test_libraries_and_helpers_beside_the_revisions_may_be_imported(place: Place) -> None:
    place.target = replace(place.target, paths=(place.folder,))
    lines = (
        "import json\nfrom sqlalchemy.dialects import postgresql\nfrom migrations import helpers"
    )
    assert read(place, "pass", "op.f('x')", top=lines) == ()


@pytest.mark.parametrize(
    ("top", "up", "subject"),
    [
        ("import os", "os.environ['X']", "os.environ"),
        ("from datetime import datetime", "datetime.now()", "datetime.now"),
        ("from flask import current_app", "current_app.config", "flask.current_app"),
        ("import requests", "requests.get('x')", "requests"),
        ("", "open('rows.csv')", "open"),
    ],
)
def test_the_environment_makes_a_revision_unpredictable(
    place: Place, top: str, up: str, subject: str
) -> None:
    hazard = only(read(place, up, "op.f('x')", top=top), "depends-on-environment")
    assert (hazard.severity, hazard.subject) == ("warning", subject)


@pytest.mark.parametrize(
    "up",
    [
        "try:\n    op.drop_table('a')\nexcept Exception:\n    pass",
        "import contextlib\nwith contextlib.suppress(Exception):\n    op.drop_table('a')",
    ],
)
def test_a_swallowed_exception_is_an_error(place: Place, up: str) -> None:
    assert only(read(place, up, "op.f('x')"), "swallowed-exception").severity == "error"


def test_an_exception_that_is_raised_again_is_none(place: Place) -> None:
    up = "try:\n    op.drop_table('a')\nexcept Exception as error:\n    raise ValueError from error"
    assert read(place, up, "op.f('x')") == ()


def test_the_worst_comes_first(place: Place) -> None:
    hazards = judged(place, "op.drop_table('reviews')\nop.drop_column('products', 'weight')")
    severities = [hazard.severity for hazard in hazards]
    assert severities == sorted(severities)
    assert "warning" in severities


def test_every_rule_has_a_reason_and_a_code_in_kebab_case() -> None:
    for code, known in RULES.items():
        assert code == code.lower().replace("_", "-")
        assert known.reason.endswith(".")
        assert known.instead.endswith(".")


def test_every_rule_has_a_test() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [code for code in RULES if f'"{code}"' not in tests] == []


def test_a_code_is_taken_only_once() -> None:
    with pytest.raises(ValueError, match="two rules 'drop-table'"):
        rule("drop-table", "error", "", instead="")(lambda evidence: ())


@pytest.mark.parametrize(
    "line", ["op.get_bind().execute(sa.text('SELECT 1'))", "sa.inspect(op.get_bind())"]
)
def test_a_revision_that_asks_the_database_has_no_preview(place: Place, line: str) -> None:
    hazard = only(read(place, line, "op.f('x')"), "offline-unsafe")
    assert hazard.severity == "warning"
    assert hazard.subject.startswith("line ")


def test_a_revision_that_asks_only_where_it_can_is_no_hazard(place: Place) -> None:
    up = "from alembic import context\nif not context.is_offline_mode():\n    op.get_bind()"
    assert read(place, up, "op.f('x')") == ()


def test_evidence_says_what_the_database_answered(place: Place) -> None:
    hazard = only(judged(place, "op.drop_table('reviews')"), "drop-table")
    assert [probe.sentence for probe in hazard.evidence] == ["reviews has 3 rows"]
    hazard = only(judged(place, batch("batch.drop_column('weight')")), "drop-column")
    assert [probe.sentence for probe in hazard.evidence] == [
        "2 rows of products hold a value in weight"
    ]


def test_what_an_older_version_stored_can_still_be_read() -> None:
    stored = {
        "code": "drop-table", "severity": "error", "revision": "a", "subject": "b", "danger": "c",
        "reason": "d",
    }  # fmt: skip
    hazard = decode(Hazard, stored)
    assert (hazard.evidence, hazard.accepted, hazard.is_blocking) == ((), "", True)
