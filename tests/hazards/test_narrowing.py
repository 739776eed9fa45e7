"""Types that take less than those before them, held against the values that are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.hazards.types import sql_type
from console.schema.catalogue import Column, Table
from tests.hazards.judging import batch, codes, judged, only
from tests.hazards.making import made_up
from tests.histories.place import Place


def altered(place: Place, column: str, old: str, new: str, table: str = "products") -> str:
    """A revision that changes the type of a column."""
    return batch(f"batch.alter_column('{column}', existing_type={old}, type_={new})", table=table)


def test_numbers_that_fit_so_far_are_a_warning(place: Place) -> None:
    hazards = judged(place, altered(place, "weight", "sa.Integer", "sa.SmallInteger"))
    hazard = only(hazards, "narrowing-type")
    assert hazard.severity == "warning"
    assert hazard.danger.endswith("is 4,200, so all of them fit so far.")


def test_decimal_places_that_go_are_counted(place: Place) -> None:
    place.run(
        "ALTER TABLE products ADD COLUMN price NUMERIC(10, 2); UPDATE products SET price = 9.99;"
    )
    hazards = judged(place, altered(place, "price", "sa.Numeric(10, 2)", "sa.Integer"))
    assert only(hazards, "narrowing-type").danger.endswith(
        "3 values of products.price have more than 0 decimal places."
    )


def test_text_that_becomes_a_number_is_an_error(place: Place) -> None:
    hazards = judged(place, altered(place, "name", "sa.String(80)", "sa.Integer"))
    assert only(hazards, "narrowing-type").severity == "error"


def test_sqlite_takes_a_length_for_a_remark(place: Place) -> None:
    hazards = judged(place, altered(place, "name", "sa.String(80)", "sa.String(3)"))
    hazard = only(hazards, "narrowing-type")
    assert hazard.severity == "warning"
    assert "has 5 characters" in hazard.danger
    fits = judged(place, altered(place, "name", "sa.String(80)", "sa.String(40)"))
    assert "narrowing-type" not in codes(fits)


@pytest.mark.parametrize(
    ("column", "old", "new"),
    [
        ("weight", "sa.Integer", "sa.BigInteger"),
        ("weight", "sa.Integer", "sa.Float"),
        ("name", "sa.String(80)", "sa.String(120)"),
        ("name", "sa.String(80)", "sa.Text"),
    ],
)
def test_a_wider_type_is_no_hazard(place: Place, column: str, old: str, new: str) -> None:
    assert "narrowing-type" not in codes(judged(place, altered(place, column, old, new)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("VARCHAR(80)", ("VARCHAR", "text", 80, None)),
        ("numeric(10, 2)", ("NUMERIC", "exact", 10, 2)),
        ("INT", ("INTEGER", "whole", None, None)),
        ("INT(11)", ("INTEGER", "whole", None, None)),
        ("TIMESTAMP WITH TIME ZONE", ("TIMESTAMP WITH TIME ZONE", "moment", None, None)),
        ("TIMESTAMP(3) WITH TIME ZONE", ("TIMESTAMP WITH TIME ZONE", "moment", 3, None)),
        ("DOUBLE PRECISION", ("DOUBLE PRECISION", "floating", None, None)),
        ("GEOMETRY", ("GEOMETRY", "", None, None)),
    ],
)
def test_types_are_read_as_databases_write_them(text: str, expected: tuple[object, ...]) -> None:
    found = sql_type(text)
    assert found is not None
    assert (found.name, found.family, found.size, found.places) == expected
    assert sql_type("") is None
    assert sql_type(None) is None


@pytest.mark.parametrize(
    ("old", "new", "is_narrower"),
    [
        ("TIMESTAMP", "TIMESTAMP(0)", True),
        ("TIMESTAMP(3)", "TIMESTAMP(0)", True),
        ("TIMESTAMP", "TIMESTAMP(6)", False),
        ("TIMESTAMP(0)", "TIMESTAMP", False),
        ("TIME(6)", "TIME(3)", True),
    ],
)
def test_fractions_of_a_second_that_go_are_told(
    tmp_path: Path, old: str, new: str, is_narrower: bool
) -> None:
    table = Table("visits", (Column("at", old, nullable=True),))
    sql = f"ALTER TABLE visits ALTER COLUMN at TYPE {new}"
    found = made_up(tmp_path, "postgresql", sql, tables=(table,))
    assert ("narrowing-type" in codes(found)) == is_narrower
