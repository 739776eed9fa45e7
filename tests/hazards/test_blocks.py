"""What a DO block does is judged like any other statement."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.hazards.blocks import inner, unseen
from tests.hazards.judging import codes, judged, only
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
        ("BEGIN n := 1; PERFORM f(); EXECUTE 'DROP TABLE a'; END", ["DROP TABLE a"]),
        ("BEGIN EXECUTE $q$DELETE FROM a; DROP TABLE b$q$; END", ["DELETE FROM a", "DROP TABLE b"]),
        ("BEGIN EXECUTE 'DELETE FROM ' || format('%I', t) USING n; END", ["DELETE FROM …"]),
        ("BEGIN EXECUTE t; END", []),
    ],
)
def test_the_statements_of_a_block_are_found(body: str, statements: list[str]) -> None:
    assert list(inner(f"DO $x$ {body} $x$")) == statements
    assert list(inner(f"do language plpgsql $$ {body} $$;")) == statements


def test_a_block_may_stand_between_plain_quotes_or_be_in_another_language() -> None:
    assert list(inner("DO 'BEGIN DELETE FROM a WHERE b = ''c''; END'")) == [
        "DELETE FROM a WHERE b = 'c'"
    ]
    other = "DO $$ DROP TABLE a; $$ LANGUAGE plpython3u"
    assert (list(inner(other)), list(unseen(other))) == ([], [other])


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("EXECUTE 'DROP TABLE a'", None),
        ("EXECUTE E'UPDATE a SET b = \\'x\\' WHERE c = $1' USING 'INTO'", None),
        ("EXECUTE format('DROP TABLE %I', 'a')", None),
        ("EXECUTE format('UPDATE a SET b = %L WHERE c > 1', v)", None),
        ("EXECUTE format('DROP TABLE %I', t)", "EXECUTE format('DROP TABLE %I', t)"),
        ("EXECUTE 'DROP TABLE ' || t", "EXECUTE 'DROP TABLE ' || t"),
        ("EXECUTE t INTO n", "EXECUTE t INTO n"),
        ("PERFORM f('EXECUTE t')", None),
    ],
)
def test_what_is_run_as_a_text_is_seen_as_far_as_it_is_written_out(
    statement: str, text: str | None
) -> None:
    assert list(unseen(f"DO $$ BEGIN {statement}; END $$")) == ([text] if text else [])


@pytest.mark.parametrize(
    ("statement", "is_unseen"),
    [
        ("PREPARE s FROM 'DROP TABLE a'", False),
        ("PREPARE s FROM @made", True),
        ("EXECUTE IMMEDIATE concat('DROP TABLE ', @name)", True),
        ("EXECUTE s", False),
        ("PREPARE s AS SELECT 1", False),
    ],
)
def test_the_same_of_what_a_server_prepares(statement: str, is_unseen: bool) -> None:
    assert bool(list(unseen(statement))) is is_unseen


def test_what_is_no_block_has_none() -> None:
    made = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM a; END $$"
    assert list(inner(made)) == list(inner("DELETE FROM a")) == []


def test_a_block_is_no_way_around_a_rule(tmp_path: Path, postgresql: str) -> None:
    up = 'op.execute("DO $$ BEGIN DELETE FROM products; DROP TABLE reviews; END $$")'
    found = judged(shop(tmp_path, postgresql), up)
    assert only(found, "drop-table").danger == "The table reviews is dropped: 3 rows lost."
    assert only(found, "dml-without-where").danger.endswith("all 3 rows of products.")


def test_a_text_is_no_way_around_a_rule(tmp_path: Path, postgresql: str) -> None:
    up = "op.execute(\"DO $$ BEGIN EXECUTE format('DELETE FROM %I', 'products'); END $$\")"
    found = judged(shop(tmp_path, postgresql), up)
    assert only(found, "dml-without-where").danger.endswith("all 3 rows of products.")
    assert "dynamic-sql" not in codes(found)


def test_a_statement_that_is_prepared_is_none_either(tmp_path: Path, either: str) -> None:
    up = "op.execute(\"PREPARE it FROM 'DELETE FROM products'\")\nop.execute('EXECUTE it')"
    found = judged(shop(tmp_path, either), up, "raise NotImplementedError")
    assert only(found, "dml-without-where").danger.endswith("all 3 rows of products.")
