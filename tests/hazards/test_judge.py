"""A plan is held against every rule: the careful one is free of hazards, and the worst comes first.

The migrations run for real, on a clone with three products and three reviews.
"""

from __future__ import annotations

from pathlib import Path

from console.hazards.hazard import Hazard
from console.hazards.judge import judge
from console.schema.history import read_history
from console.schema.wire import decode
from tests.hazards.judging import batch, judged, only
from tests.histories.place import PRICE, PRODUCTS, Place


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


def test_the_worst_comes_first(place: Place) -> None:
    hazards = judged(place, "op.drop_table('reviews')\nop.drop_column('products', 'weight')")
    severities = [hazard.severity for hazard in hazards]
    assert severities == sorted(severities)
    assert "warning" in severities


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
