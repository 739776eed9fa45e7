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


@pytest.mark.parametrize(
    ("block", "statements"),
    [
        ("BEGIN NOT ATOMIC DELETE FROM a; END", ["DELETE FROM a"]),
        (
            "begin not atomic\n -- all of them\n update a set b = 'it\\'s; no'; # gone;\n drop table c; end;",
            ["update a set b = 'it\\'s; no'", "drop table c"],
        ),
        (
            "BEGIN NOT ATOMIC DECLARE n INT; SELECT 1 INTO n; IF n > 0 THEN DROP TABLE a; "
            "ELSEIF n < 0 THEN DROP TABLE b; ELSE ALTER TABLE a ADD c INT; END IF; END",
            ["DROP TABLE a", "DROP TABLE b", "ALTER TABLE a ADD c INT"],
        ),
        (
            "BEGIN NOT ATOMIC DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN DELETE FROM a; END; "
            "DECLARE CONTINUE HANDLER FOR NOT FOUND, SQLSTATE '02000', 1062 DROP TABLE b; END",
            ["DELETE FROM a", "DROP TABLE b"],
        ),
        ("x: LOOP DELETE FROM a LIMIT 9; LEAVE x; END LOOP", []),  # no statement on its own
        (
            "BEGIN NOT ATOMIC x: LOOP DELETE FROM a LIMIT 9; LEAVE x; END LOOP; REPEAT DELETE FROM b; "
            "UNTIL 1 END REPEAT; END",
            ["DELETE FROM a LIMIT 9", "DELETE FROM b"],
        ),
        ("WHILE 1 DO REPLACE INTO a VALUES (1); END WHILE", ["REPLACE INTO a VALUES (1)"]),
        ("FOR i IN 1..2 DO UPDATE a SET b = i; END FOR", ["UPDATE a SET b = i"]),
        (
            "CASE 1 WHEN 1 THEN DROP TABLE a; WHEN 2 THEN DROP TABLE b; ELSE DELETE FROM c; END CASE",
            ["DROP TABLE a", "DROP TABLE b", "DELETE FROM c"],
        ),
        ("IF 1 THEN EXECUTE IMMEDIATE 'DROP TABLE a'; END IF", ["DROP TABLE a"]),
        ("BEGIN NOT ATOMIC PREPARE s FROM 'DROP TABLE a'; EXECUTE s; END", ["DROP TABLE a"]),
    ],
)
def test_the_statements_that_mariadb_takes_as_one_are_found(
    block: str, statements: list[str]
) -> None:
    assert list(inner(block)) == statements
    assert list(unseen(block)) == []


def test_what_such_a_statement_computes_is_unseen() -> None:
    sent = "EXECUTE IMMEDIATE concat('DROP TABLE ', n)"
    assert list(unseen(f"BEGIN NOT ATOMIC {sent}; END")) == [sent]


@pytest.mark.parametrize("remark", ["-- once\n", "/* once; */ ", "  -- a\n -- b\n"])
def test_a_comment_hides_nothing(remark: str) -> None:
    for block in ("DO $$ BEGIN {0}DELETE FROM a; END $$", "BEGIN NOT ATOMIC {0}DELETE FROM a; END"):
        assert list(inner(f"{remark}{block.format(remark)}")) == ["DELETE FROM a"]


def test_a_block_of_mariadb_is_no_way_around_a_rule(tmp_path: Path, mariadb: str) -> None:
    up = 'op.execute("BEGIN NOT ATOMIC DELETE FROM products; DROP TABLE reviews; END")'
    found = judged(shop(tmp_path, mariadb), up, "raise NotImplementedError")
    assert only(found, "drop-table").danger == "The table reviews is dropped: 3 rows lost."
    assert only(found, "dml-without-where").danger.endswith("all 3 rows of products.")


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
