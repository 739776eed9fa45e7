"""What raw SQL does is judged like the operation that stands for it, and what stands for it once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hazards.judging import judged, only, sketched
from tests.hazards.making import made_up, operation
from tests.hazards.shop import shop
from tests.histories.place import Place
from tests.servers import engine_of

SHOP = [
    ("rename-table", "ALTER TABLE products RENAME TO goods", "products"),
    ("rename-column", "ALTER TABLE products RENAME COLUMN weight TO grams", "products.weight"),
    ("add-unique-with-duplicates", "ALTER TABLE products ADD UNIQUE (name)", "products.name"),
    ("add-unique-with-duplicates", "CREATE UNIQUE INDEX uq ON products (name)", "products.name"),
    (
        "add-check-with-violators",
        "ALTER TABLE products ADD CHECK (weight < 700)",
        "products.weight < 700",
    ),
    (
        "add-foreign-key-with-orphans",
        "ALTER TABLE reviews ADD FOREIGN KEY (product) REFERENCES products (id)",
        "reviews.product",
    ),
]
POSTGRESQL = [
    ("narrowing-type", "ALTER TABLE products ALTER weight TYPE SMALLINT", "products.weight"),
    (
        "set-not-null-with-nulls",
        "ALTER TABLE reviews ALTER COLUMN product SET NOT NULL",
        "reviews.product",
    ),
    ("drop-not-null", "ALTER TABLE products ALTER COLUMN name DROP NOT NULL", "products.name"),
    ("add-not-null-without-default", "ALTER TABLE products ADD sku TEXT NOT NULL", "products.sku"),
]
MARIADB = [
    ("rename-table", "RENAME TABLE reviews TO opinions, products TO goods", "products"),
    ("rename-column", "ALTER TABLE products CHANGE weight grams INTEGER", "products.weight"),
    ("narrowing-type", "ALTER TABLE products MODIFY weight SMALLINT", "products.weight"),
    (
        "drop-not-null",
        "ALTER TABLE products MODIFY name VARCHAR(60) DEFAULT 'new'",
        "products.name",
    ),
    (
        "alter-missing-existing",
        "ALTER TABLE products MODIFY name VARCHAR(60) NOT NULL",
        "products.name",
    ),
]


def found(place: Place, code: str, sql: str, subject: str) -> None:
    """Judge one statement after another, each in a plan of its own."""
    hazards = judged(place, f"op.execute({sql!r})", "raise NotImplementedError")
    assert subject in {hazard.subject for hazard in hazards if hazard.code == code}, sql


def test_raw_sql_is_no_way_around_a_rule(tmp_path: Path, either: str) -> None:
    place = shop(tmp_path, either)
    for case in (*SHOP, *(POSTGRESQL if either.startswith("postgresql") else MARIADB)):
        found(place, *case)


def test_sqlite_is_held_to_it_too(place: Place) -> None:
    found(place, *SHOP[0])
    found(place, *SHOP[1])


def test_what_an_operation_stands_for_is_told_once(tmp_path: Path) -> None:
    change = operation(
        "alter_column", column="id", type="BIGINT", existing_type="INTEGER", nullable="yes"
    )
    sql = (
        "ALTER TABLE products ALTER COLUMN id TYPE BIGINT",
        "ALTER TABLE products ALTER id DROP NOT NULL",
    )
    hazards = made_up(tmp_path, "postgresql", *sql, operations=(change,))
    assert only(hazards, "drop-not-null")


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE products ADD UNIQUE USING INDEX uq",
        "ALTER TABLE products RENAME CONSTRAINT a TO b",
        "ALTER TABLE products ADD CHECK (weight > 700) NOT VALID",
        "ALTER INDEX ix_weight RENAME TO ix",
    ],
)
def test_what_is_none_of_these_is_taken_for_none(tmp_path: Path, sql: str) -> None:
    codes = {hazard.code for hazard in made_up(tmp_path, "postgresql", sql)}
    assert not codes & {code for code, *_ in (*SHOP, *POSTGRESQL)}


def test_lint_reads_it_from_the_file(place: Place) -> None:
    hazards = sketched(place, "op.execute('ALTER TABLE products RENAME TO goods')")
    assert only(hazards, "rename-table").subject == "products"


def test_what_is_gone_in_the_end_is_told_however_it_went(tmp_path: Path, postgresql: str) -> None:
    place = shop(tmp_path, postgresql)
    with engine_of(postgresql).connect() as connection:
        connection.exec_driver_sql("CREATE SCHEMA extra")
        connection.exec_driver_sql("CREATE TABLE extra.notes (id INT)")
        connection.exec_driver_sql("INSERT INTO extra.notes VALUES (1), (2)")
        connection.exec_driver_sql("CREATE DOMAIN shade AS TEXT")
        connection.exec_driver_sql("ALTER TABLE products ADD COLUMN shade shade DEFAULT 'dark'")
    up = """\
op.execute("DROP SCHEMA extra CASCADE")
op.execute("DO $$ BEGIN EXECUTE 'DROP TABLE reviews'; END $$")
op.execute("DROP DOMAIN shade CASCADE")"""
    hazards = judged(place, up, "raise NotImplementedError")
    rules = ("drop-table", "drop-column")
    assert {hazard.danger for hazard in hazards if hazard.code in rules} == {
        "The table extra.notes is dropped: 2 rows lost.",
        "The table reviews is dropped: 3 rows lost.",
        "The column shade of products is dropped: 3 values lost.",
    }


def test_each_of_several_statements_sent_at_once_is_judged(tmp_path: Path, postgresql: str) -> None:
    up = 'op.execute("ALTER TABLE products ALTER weight DROP DEFAULT; DROP TABLE reviews; DELETE FROM products")'
    found = judged(shop(tmp_path, postgresql), up)
    assert {"drop-table", "dml-without-where"} <= {hazard.code for hazard in found}
    assert next(h.danger for h in found if h.code == "drop-table").endswith("3 rows lost.")
