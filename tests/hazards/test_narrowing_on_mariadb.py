"""What MariaDB and MySQL make of a value in a narrower type: signs, bytes, and decimal places that
nobody asked to lose."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hazards.judging import codes, judged, only
from tests.hazards.shop import shop
from tests.histories.place import Place
from tests.servers import engine_of

COLUMNS = """\
ALTER TABLE products ADD many INTEGER UNSIGNED, ADD few INTEGER, ADD price NUMERIC(10, 2),
    ADD ratio DOUBLE, ADD story LONGTEXT, ADD mark VARCHAR(100) CHARACTER SET utf8mb4,
    ADD made DATETIME(3), ADD mood ENUM('good', 'bad', 'odd')"""
VALUES = """\
UPDATE products SET many = 4000000000, few = -3, price = 9.99, ratio = 0.1, mark = repeat('ü', 100),
    story = repeat('ü', 40000), mood = 'bad' WHERE id = 1"""
NARROWER = [
    ("many", "INTEGER", "the largest value of products.many is 4,000,000,000."),
    ("few", "INTEGER UNSIGNED", "1 row of products breaks the condition few >= 0."),
    ("price", "NUMERIC", "1 value of products.price has more than 0 decimal places."),
    ("ratio", "FLOAT", "ratio of products becomes FLOAT and was DOUBLE."),
    ("story", "TEXT", "the longest value of products.story takes 80,000 bytes."),
    ("mark", "TINYTEXT", "takes 200 bytes, so all of them fit so far."),
    ("made", "DATETIME", "made of products becomes DATETIME and was DATETIME(3)."),
    (
        "mood",
        "ENUM('good', 'bad')",
        "break the condition mood IN ('good', 'bad'), so all of them fit so far.",
    ),
    ("mood", "SET('good', 'odd')", "mood of products takes 'bad' no more."),
]
WIDER = [
    ("many", "BIGINT"),
    ("few", "DOUBLE"),
    ("price", "NUMERIC(12, 2)"),
    ("mark", "TEXT"),
    ("made", "DATETIME(6)"),
    ("mood", "ENUM('odd', 'bad', 'good', 'new')"),
]


@pytest.fixture(params=["mariadb", "mysql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """The shop with a product of large values."""
    place = shop(tmp_path, request.getfixturevalue(request.param))
    with engine_of(place.target.url).connect() as connection:
        connection.exec_driver_sql(COLUMNS)
        connection.exec_driver_sql(VALUES)
    return place


def changed(column: str, kind: str) -> str:
    """A revision that changes the type of a column."""
    return f'op.execute("ALTER TABLE products MODIFY {column} {kind}")'


def test_what_does_not_fit_is_told_with_its_numbers(place: Place) -> None:
    for column, kind, danger in NARROWER:
        hazard = only(judged(place, changed(column, kind)), "narrowing-type")
        assert hazard.danger.endswith(danger), hazard.danger
        assert hazard.severity == ("warning" if "fit so far" in danger else "error")


def test_what_takes_all_of_it_is_no_hazard(place: Place) -> None:
    for column, kind in WIDER:
        assert "narrowing-type" not in codes(judged(place, changed(column, kind)))
