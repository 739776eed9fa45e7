"""What is made of a table or a column is not taken for what is made of another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hazards.judging import codes, judged, only
from tests.hazards.shop import shop
from tests.histories.place import Place
from tests.servers import engine_of

RENAMED = "op.alter_column('products', 'weight', new_column_name='mass', existing_type=sa.Integer)"


def with_view(folder: Path, url: str, definition: str) -> Place:
    """The shop with a view."""
    place = shop(folder, url)
    with engine_of(url).connect() as connection:
        connection.exec_driver_sql(f"CREATE VIEW shown AS SELECT {definition}")
    return place


@pytest.mark.parametrize(
    ("definition", "is_found"),
    [
        ("weight FROM products", True),
        ("p.weight FROM reviews r JOIN products p ON p.id = r.product", True),
        ("p.name FROM products p WHERE p.weight > 3", True),
        ("name FROM products", False),
        ("id AS weight FROM reviews", False),
        ("r.id AS weight FROM products p JOIN reviews r ON r.product = p.id", False),
    ],
)
def test_a_view_that_names_what_goes_is_found(
    tmp_path: Path, either: str, definition: str, is_found: bool
) -> None:
    hazards = judged(with_view(tmp_path, either, definition), RENAMED, "raise NotImplementedError")
    assert ("broken-view" in codes(hazards)) is is_found


def test_a_view_that_the_plan_makes_again_is_none(tmp_path: Path, either: str) -> None:
    again = "op.execute('CREATE OR REPLACE VIEW shown AS SELECT mass FROM products')"
    place = with_view(tmp_path, either, "weight FROM products")
    assert "broken-view" not in codes(judged(place, f"{RENAMED}\n{again}", "pass"))


def test_cascade_that_took_nothing_along_is_a_warning(tmp_path: Path, postgresql: str) -> None:
    hazards = judged(shop(tmp_path, postgresql), "op.execute('DROP TABLE reviews CASCADE')")
    hazard = only(hazards, "drop-cascade")
    assert hazard.severity == "warning"
    assert hazard.rewrite == 'op.execute("DROP TABLE reviews")'
