"""What a DO block does is judged like any other statement."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.hazards.blocks import inner
from tests.hazards.judging import judged, only
from tests.hazards.shop import shop


@pytest.mark.parametrize(
    ("body", "statements"),
    [
        ("BEGIN DELETE FROM a; END", ["DELETE FROM a"]),
        (
            "DECLARE n INT; BEGIN IF n > 0 THEN DROP TABLE a; ELSE ALTER TABLE a ADD b INT; END IF; END",
            ["DROP TABLE a", "ALTER TABLE a ADD b INT"],
        ),
        (
            "BEGIN FOR r IN SELECT 1 LOOP UPDATE a SET b = r.b WHERE id = r.id; END LOOP; END",
            ["UPDATE a SET b = r.b WHERE id = r.id"],
        ),
        (
            "BEGIN CREATE TYPE m AS ENUM ('a;'); EXCEPTION WHEN duplicate_object THEN NULL; END",
            ["CREATE TYPE m AS ENUM ('a;')"],
        ),
        ("BEGIN n := 1; PERFORM f(); EXECUTE 'DROP TABLE a'; END", []),
    ],
)
def test_the_statements_of_a_block_are_found(body: str, statements: list[str]) -> None:
    assert list(inner(f"DO $x$ {body} $x$")) == statements
    assert list(inner(f"do language plpgsql $$ {body} $$;")) == statements


def test_what_is_no_block_has_none() -> None:
    made = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM a; END $$"
    assert list(inner(made)) == list(inner("DELETE FROM a")) == []


def test_a_block_is_no_way_around_a_rule(tmp_path: Path, postgresql: str) -> None:
    up = 'op.execute("DO $$ BEGIN DELETE FROM products; DROP TABLE reviews; END $$")'
    found = judged(shop(tmp_path, postgresql), up)
    assert only(found, "drop-table").danger == "The table reviews is dropped: 3 rows lost."
    assert only(found, "dml-without-where").danger.endswith("all 3 rows of products.")
