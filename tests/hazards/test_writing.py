"""Whose rows a statement changes, and whether any are left out, is read as the servers do it."""

from __future__ import annotations

import pytest

from console.hazards.writing import Write, writes


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE a SET x = 1",
        "UPDATE a SET x = (SELECT y FROM b WHERE b.id = a.id)",
        "UPDATE a SET x = 1 WHERE (1 = 1)",
        "UPDATE a SET x = 1 WHERE id = 1 OR true",
        "UPDATE a SET x = 1 WHERE id = id",
        "UPDATE a SET x = 1 WHERE true RETURNING id",
        "UPDATE a AS p SET x = b.x FROM b",
        "UPDATE a, b SET a.x = 1",
        "UPDATE b q LEFT JOIN a p ON p.id = q.id SET p.x = 1",
        "UPDATE LOW_PRIORITY IGNORE `a` SET x = 1",
        "MERGE INTO a USING b ON true WHEN MATCHED THEN UPDATE SET x = 1",
        "DELETE FROM a",
        "DELETE QUICK FROM a",
        "DELETE FROM a USING b",
        "DELETE FROM a USING b JOIN c ON b.id = c.id",
        "DELETE p FROM a AS p LEFT JOIN b ON p.id = b.id",
        "DELETE a.* FROM a",
        "WITH b AS (SELECT 1 WHERE true) DELETE FROM a",
        "MERGE INTO a USING b ON (1 = 1) WHEN MATCHED THEN DELETE",
    ],
)
def test_a_statement_that_leaves_no_row_out(sql: str) -> None:
    (found,) = writes(sql)
    assert (found.table, found.is_whole) == ("a", True)
    assert found.verb == ("DELETE" if "DELETE" in sql else "UPDATE")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE a SET x = 1 WHERE id = 1",
        "UPDATE a SET x = 1 WHERE 1 = 1 AND id = 1",
        "UPDATE a AS p SET x = b.x FROM b WHERE b.id = p.id",
        "UPDATE a JOIN b ON a.id = b.id SET a.x = 1",
        "UPDATE b q JOIN a p USING (id) SET p.x = 1",
        "UPDATE a SET x = 1 ORDER BY id LIMIT 5",
        "UPDATE a SET …",
        "DELETE FROM a WHERE id IN (SELECT id FROM b)",
        "DELETE FROM a LIMIT 100",
        "DELETE FROM a …",
        "DELETE FROM a USING b WHERE a.id = b.id",
        "DELETE FROM a USING a JOIN b ON a.id = b.id",
        "DELETE p FROM a p JOIN b ON p.id = b.id",
        "WITH b AS (SELECT 1) DELETE FROM a USING b WHERE a.id = b.id",
        "MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE",
        "MERGE INTO a USING b ON true WHEN MATCHED AND a.x THEN DELETE",
    ],
)
def test_a_statement_that_leaves_rows_out(sql: str) -> None:
    (found,) = writes(sql)
    assert (found.table, found.is_whole) == ("a", False)


def test_what_stands_in_a_with_counts_as_well() -> None:
    sql = "WITH gone AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM gone"
    assert writes(sql) == (Write("DELETE", "a", True), Write("INSERT", "b"))


def test_each_table_of_a_delete_counts() -> None:
    found = writes("DELETE a, q FROM a LEFT JOIN b AS q ON a.id = q.id")
    assert found == (Write("DELETE", "a", True), Write("DELETE", "b", True))


@pytest.mark.parametrize(
    ("sql", "added"),
    [
        ("INSERT INTO a (id) VALUES (1), (2), ((3))", 3),
        ("INSERT INTO a VALUES (1) ON CONFLICT (id) DO UPDATE SET x = 1", 1),
        ("INSERT INTO a SELECT * FROM b", None),
    ],
)
def test_rows_that_an_insert_writes_out_are_counted(sql: str, added: int | None) -> None:
    assert writes(sql) == (Write("INSERT", "a", added=added),)


def test_what_changes_no_rows_is_none() -> None:
    assert writes("WITH b AS (SELECT 1) SELECT * FROM b") == writes("CREATE TABLE a (x INT)") == ()
