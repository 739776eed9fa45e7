"""The way back."""

from __future__ import annotations

from tests.hazards.judging import judged, only, read
from tests.histories.place import Place


def test_a_way_back_that_fails_is_told_unless_it_says_so_itself(place: Place) -> None:
    up = "op.add_column('products', sa.Column('x', sa.Text))"
    assert "fails" in only(judged(place, up, "1 / 0"), "lossy-downgrade").danger
    assert judged(place, up, "raise NotImplementedError('no way back')") == ()


def test_an_empty_downgrade_is_a_warning(place: Place) -> None:
    hazards = read(place, "op.drop_table('reviews')")
    assert only(hazards, "empty-downgrade").severity == "warning"
    assert read(place, "op.drop_table('reviews')", "raise NotImplementedError") == ()
