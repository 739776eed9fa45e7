"""Conditions that are true for no row, since they compare with NULL, are told from values that are NULL."""

from __future__ import annotations

import pytest

from console.hazards.nulls import comparisons, mended
from tests.hazards.judging import codes, judged, only, sketched
from tests.histories.place import Place


@pytest.mark.parametrize(
    ("sql", "texts"),
    [
        ("UPDATE t SET a = 1 WHERE b = NULL", ["b = NULL"]),
        ("update t set a = 1 where b=null and c = 2", ["b = null"]),
        ("DELETE FROM t WHERE t.b <> NULL OR c != NULL", ["t.b <> NULL", "c != NULL"]),
        ("DELETE FROM t WHERE lower(trim(t.b)) = NULL", ["lower(trim(t.b)) = NULL"]),
        ("DELETE FROM t WHERE (b == NULL)", ["b == NULL"]),
        ("UPDATE t SET a = (SELECT max(x) FROM u WHERE u.b = NULL), c = NULL", ["u.b = NULL"]),
        ("INSERT INTO t SELECT * FROM u WHERE b = NULL", ["b = NULL"]),
        ("UPDATE t JOIN u ON u.b = NULL SET t.a = NULL", ["u.b = NULL"]),
        ("UPDATE t SET a = NULL", []),
        ("UPDATE t SET a = NULL WHERE b IS NULL", []),
        ("UPDATE t SET a = NULL, b = NULL WHERE c = 1", []),
        ("INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = NULL WHERE t.b = 1", []),
        ("INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = NULL", []),
        ("DELETE FROM t WHERE b <=> NULL", []),
        ("DELETE FROM t WHERE b = 'x = NULL' AND c = NULLIF(d, 1) -- b = NULL", []),
        ("UPDATE t SET a = 1 WHERE b IN (SELECT b FROM u) AND c IS NOT NULL", []),
    ],
)
def test_comparisons_are_found_in_conditions_only(sql: str, texts: list[str]) -> None:
    assert [found.text for found in comparisons(sql)] == texts


def test_what_is_meant_is_written_in_their_place() -> None:
    sql = "UPDATE t SET a = NULL, b = 'c = NULL' WHERE b = NULL AND c <> NULL;"
    assert mended(sql) == "UPDATE t SET a = NULL, b = 'c = NULL' WHERE b IS NULL AND c IS NOT NULL"


@pytest.mark.parametrize(
    ("where", "is_nothing"),
    [
        ("weight = NULL", True),
        ("weight = NULL OR id = 1", False),
        ("id IN (SELECT 1 WHERE id = NULL)", False),
    ],
)
def test_it_is_not_said_to_change_nothing_where_it_may(
    place: Place, where: str, is_nothing: bool
) -> None:
    up = f"op.execute('UPDATE products SET weight = 0 WHERE {where}')"
    danger = only(judged(place, up), "compares-with-null").danger
    assert ("the UPDATE of products changes no row" in danger) is is_nothing


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mysql"])
def test_a_file_alone_shows_it(place: Place, database: str) -> None:
    up = 'op.execute(sa.text("UPDATE products SET weight = 0 WHERE weight = NULL"))'
    assert only(sketched(place, up, database), "compares-with-null").subject == "products"


def test_none_in_python_is_compared_by_is(place: Place) -> None:
    up = (
        "products = sa.table('products', sa.column('weight'))\n"
        "op.execute(products.update().where(products.c.weight == None).values(weight=None))"
    )
    assert "compares-with-null" not in codes(judged(place, up))


def test_a_block_of_postgresql_is_no_way_around_it(place: Place) -> None:
    up = 'op.execute("DO $$ BEGIN DELETE FROM products WHERE weight = NULL; END $$")'
    assert "compares-with-null" in codes(sketched(place, up, "postgresql"))
