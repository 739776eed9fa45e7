"""What SQLite's batch mode loses or cannot do is found on the clone."""

from __future__ import annotations

from tests.hazards.judging import batch, codes, judged, only
from tests.histories.place import Place

PARTS = "CREATE TABLE parts (id INTEGER PRIMARY KEY{id}, product INTEGER {product}, name TEXT{name}{rest});"
CHANGE = batch(
    "batch.alter_column('product', existing_type=sa.Integer, nullable=False)", table="parts"
)
BACK = batch(
    "batch.alter_column('product', existing_type=sa.Integer, nullable=True)", table="parts"
)


def parts(place: Place, **words: str) -> None:
    """Make a table of parts, with more in its statement."""
    place.run(PARTS.format(**{"id": "", "product": "", "name": "", "rest": ""} | words))


def test_a_plain_table_loses_nothing(place: Place) -> None:
    parts(
        place,
        rest=", CONSTRAINT fk FOREIGN KEY (product) REFERENCES products (id) ON DELETE CASCADE",
    )
    assert judged(place, CHANGE, BACK) == ()


def test_an_inline_foreign_key_loses_its_action(place: Place) -> None:
    parts(place, product="REFERENCES products ON DELETE CASCADE")
    hazard = only(judged(place, CHANGE, BACK), "batch-object-loss")
    assert hazard.danger == (
        "The foreign key (product) references products (id) of parts loses its ON DELETE CASCADE "
        "when batch mode makes the table anew."
    )
    assert hazard.severity == "error"
    assert "copy_from=table" in hazard.rewrite


def test_autoincrement_and_collations_are_lost(place: Place) -> None:
    parts(place, id=" AUTOINCREMENT", name=" COLLATE NOCASE")
    hazards = [h for h in judged(place, CHANGE, BACK) if h.code == "batch-object-loss"]
    assert {hazard.subject for hazard in hazards} == {"parts.id", "parts.name"}
    assert "The column name of parts loses collate NOCASE when" in hazards[-1].danger


def test_a_view_that_is_dropped_and_made_again_is_no_hazard(place: Place) -> None:
    parts(place)
    place.run("CREATE VIEW known AS SELECT name FROM parts;")
    up, down = (
        f"op.execute('DROP VIEW known')\n{change}\n"
        "op.execute('CREATE VIEW known AS SELECT name FROM parts')"
        for change in (CHANGE, BACK)
    )
    assert judged(place, up, down) == ()


def test_a_view_of_another_table_is_in_nobodys_way(place: Place) -> None:
    parts(place)
    place.run("CREATE VIEW known AS SELECT name FROM products;")
    assert judged(place, CHANGE, BACK) == ()


def test_a_generated_column_of_a_table_that_is_not_made_anew_is_no_hazard(place: Place) -> None:
    parts(place, rest=", twice INTEGER GENERATED ALWAYS AS (product * 2) STORED")
    up = "op.add_column('parts', sa.Column('more', sa.Text))"
    assert "batch-generated-column" not in codes(
        judged(place, up, "op.drop_column('parts', 'more')")
    )
