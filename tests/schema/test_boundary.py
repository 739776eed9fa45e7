"""The statements by which a transaction begins or ends are told from all others."""

from __future__ import annotations

import pytest

from console.schema.boundary import boundary_in, is_begin


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("COMMIT", "COMMIT"),
        (" commit;", "COMMIT"),
        ("-- all of it is done\nCOMMIT", "COMMIT"),
        ("/* done */ ROLLBACK WORK", "ROLLBACK"),
        ("UPDATE products SET weight = 1; COMMIT", "COMMIT"),
        ("BEGIN; DELETE FROM products; COMMIT;", "BEGIN"),
        ("START TRANSACTION", "START"),
        ("PREPARE TRANSACTION 'later'", "PREPARE TRANSACTION"),
        ("COMMIT PREPARED 'later'", "COMMIT"),
        ("CREATE TRIGGER a AFTER INSERT ON t EXECUTE FUNCTION f(); COMMIT", "COMMIT"),
    ],
)
def test_a_boundary_is_seen_wherever_it_stands(sql: str, word: str) -> None:
    assert boundary_in(sql) == word


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "ROLLBACK TO SAVEPOINT one",
        "ROLLBACK TRANSACTION TO one",
        "RELEASE SAVEPOINT one",
        "PREPARE one AS SELECT 1",
        "INSERT INTO words (text) VALUES ('a; COMMIT')",
        "SELECT 1 -- ; COMMIT",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$",
        "DO $$ BEGIN PERFORM 1; END $$",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END",
        "SELECT CASE WHEN true THEN 1 END AS start",
        "CREATE TRIGGER a AFTER INSERT ON t BEGIN UPDATE t SET x = 1; END",
        "-- kept\nCREATE TEMP TRIGGER a AFTER UPDATE ON t BEGIN DELETE FROM t; DELETE FROM u; END;",
    ],
)
def test_what_only_holds_such_a_word_is_none(sql: str) -> None:
    assert boundary_in(sql) == ""


@pytest.mark.parametrize("sql", ["BEGIN", "begin immediate", " BEGIN DEFERRED TRANSACTION ;"])
def test_a_begin_alone_does_nothing_else(sql: str) -> None:
    assert is_begin(sql)
    assert not is_begin(f"{sql.rstrip(' ;')}; DELETE FROM products")
