"""New constraints are held against the rows that are there, and so are the indexes they need."""

from __future__ import annotations

from tests.hazards.judging import batch, codes, judged, only
from tests.histories.place import Place

ORPHAN = "CREATE TABLE notes (id INTEGER PRIMARY KEY, product INTEGER, mark INTEGER); "
ROWS = "INSERT INTO notes VALUES (1, 1, 3), (2, 9, -1), (3, 8, NULL);"
KEY = "batch.create_foreign_key('fk', 'products', ['product'], ['id'])"
CHECK = "batch.create_check_constraint('ck', sa.column('mark') > 0)"


def test_a_foreign_key_after_the_rows_were_mended_is_no_hazard(place: Place) -> None:
    place.run(ORPHAN + ROWS)
    mend = "op.execute('DELETE FROM notes WHERE product > 3')\n"
    hazards = judged(place, mend + batch(KEY, table="notes"), "op.f('x')")
    assert "add-foreign-key-with-orphans" not in codes(hazards)


def test_a_check_that_all_rows_keep_is_no_hazard(place: Place) -> None:
    place.run(ORPHAN + ROWS + "DELETE FROM notes WHERE mark < 0;")
    down = batch("batch.drop_constraint('ck', type_='check')", table="notes")
    assert judged(place, batch(CHECK, table="notes"), down) == ()


def test_shared_values_are_counted(place: Place) -> None:
    up = batch("batch.create_unique_constraint('uq', ['product_id'])", table="reviews")
    hazard = only(judged(place, up), "add-unique-with-duplicates")
    assert [probe.sentence for probe in hazard.evidence] == [
        "1 value of reviews.product_id is shared by several rows"
    ]


def test_a_foreign_key_with_an_index_is_no_hazard(place: Place) -> None:
    up = """op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("product", sa.Integer, sa.ForeignKey("products.id"), index=True))
op.create_table("extras", sa.Column("id", sa.Integer, sa.ForeignKey("products.id"), primary_key=True))
op.create_table("pairs", sa.Column("a", sa.Integer, sa.ForeignKey("products.id")),
    sa.Column("b", sa.Integer), sa.UniqueConstraint("a", "b"))"""
    down = "op.drop_table('notes')\nop.drop_table('extras')\nop.drop_table('pairs')"
    assert judged(place, up, down) == ()


def test_an_index_for_some_rows_only_is_not_enough(place: Place) -> None:
    up = """op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("product", sa.Integer, sa.ForeignKey("products.id")))
op.create_index("ix", "notes", ["product"], sqlite_where=sa.text("product > 1"))"""
    assert "foreign-key-without-index" in codes(judged(place, up, "op.drop_table('notes')"))


def test_a_foreign_key_that_was_there_is_nobodys_fault(place: Place) -> None:
    up = batch("batch.add_column(sa.Column('x', sa.Text))", table="reviews")
    down = batch("batch.drop_column('x')", table="reviews")
    assert judged(place, up, down) == ()
