"""The ledger of tables whose rows no primary key tells apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection

from console.schema.excess import excess
from console.schema.survival import compare
from console.schema.verdict import UNTOLD
from tests.schema.counting import CLEAN, execute, keyless, ledger_of
from tests.servers import engine_of


@pytest.mark.parametrize(
    ("one", "other"),
    [("name = 'Lamp'", "name = 'Chair'"), ("name = 'Lamp'", "name IS NULL")],
    ids=["two values", "a value and none"],
)
def test_values_that_change_places_without_a_primary_key_are_told(
    connection: Connection, one: str, other: str
) -> None:
    keyless(connection)
    value = other.removeprefix("name ").removeprefix("= ").replace("IS NULL", "NULL")
    swap = f"UPDATE t SET name = CASE WHEN {one} THEN {value} ELSE 'Lamp' END"
    ledger = ledger_of(connection, lambda: execute(connection, f"{swap} WHERE {one} OR {other}"))
    (entry,) = ledger.entries
    assert not ledger.is_clean
    assert (entry.verdict, entry.mixed) == ("changed", True)
    assert "values changed places between rows" in entry.sentence
    assert excess(ledger, ledger) == ()
    (worse,) = excess(ledger, compare(CLEAN, CLEAN))
    assert worse.startswith("t: values changed places")


@pytest.mark.parametrize(
    "rename",
    [
        ("ALTER TABLE t RENAME COLUMN name TO title",),
        ("ALTER TABLE t RENAME COLUMN name TO title", "ALTER TABLE t ADD COLUMN price integer"),
        ("ALTER TABLE t RENAME COLUMN name TO title", "ALTER TABLE t RENAME TO u"),
    ],
    ids=["renamed", "renamed and more", "both renamed"],
)
@pytest.mark.parametrize("swaps", [True, False])
def test_renamed_columns_hide_no_values_that_change_places(
    connection: Connection, rename: tuple[str, ...], swaps: bool
) -> None:
    keyless(connection)
    swap = "UPDATE t SET weight = CASE WHEN name = 'Lamp' THEN 9 ELSE 7 END WHERE id IN (1, 3)"
    ledger = ledger_of(connection, lambda: execute(connection, *([swap] if swaps else []), *rename))
    (entry,) = ledger.entries
    assert (entry.mixed, ledger.is_clean) == (swaps, not swaps)


def test_a_lost_column_leaves_rows_without_a_key_that_are_not_called_identical(
    connection: Connection,
) -> None:
    keyless(connection)
    ledger = ledger_of(connection, lambda: execute(connection, "ALTER TABLE t DROP COLUMN name"))
    (entry,) = ledger.entries
    assert entry.sentence == "t: 4 rows before, 4 after, column name removed, 3 values lost"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE t SET weight = weight + 0",
        "ALTER TABLE t ADD COLUMN price integer DEFAULT 5",
        "ALTER TABLE t RENAME COLUMN weight TO grams",
    ],
)
def test_a_table_without_a_primary_key_whose_rows_stay_together_is_clean(
    connection: Connection, statement: str
) -> None:
    keyless(connection)
    ledger = ledger_of(connection, lambda: execute(connection, statement))
    assert ledger.is_clean, ledger.verdict


@pytest.mark.parametrize("is_damaged", [False, True])
def test_rows_of_sqlite_that_share_null_as_their_key_are_held_together(
    tmp_path: Path, is_damaged: bool
) -> None:
    with engine_of(f"sqlite:///{tmp_path / 'some.db'}").connect() as connection:
        execute(connection, "CREATE TABLE t (code TEXT PRIMARY KEY, n)")
        execute(connection, "INSERT INTO t VALUES (NULL, 1), ('a', 2), (NULL, 3), (NULL, 4)")
        rebuild = [
            "CREATE TABLE w (code TEXT PRIMARY KEY, n)",
            "INSERT INTO w SELECT code, n FROM t ORDER BY n DESC",
            "DROP TABLE t",
            "ALTER TABLE w RENAME TO t",
        ]
        damage = ["UPDATE t SET n = CASE n WHEN 1 THEN 2 ELSE 1 END WHERE n < 3"]
        done = [*(damage if is_damaged else []), *rebuild]
        ledger = ledger_of(connection, lambda: execute(connection, *done))
        assert ledger.is_clean != is_damaged


def test_a_renamed_table_without_a_primary_key_may_gain_a_column(connection: Connection) -> None:
    keyless(connection)

    def rename() -> None:
        execute(connection, "ALTER TABLE t RENAME TO u")
        execute(connection, "ALTER TABLE u ADD COLUMN more integer DEFAULT 5")

    ledger = ledger_of(connection, rename)
    assert ledger.is_clean, ledger.verdict


@pytest.mark.parametrize(
    ("change", "sentence", "verdict"),
    [
        (
            "INSERT INTO loose VALUES (NULL, 7)",
            "loose: 3 rows before, 4 after, every earlier value identical",
            "identical",
        ),
        (
            "INSERT INTO loose VALUES ('b', 2)",
            "loose: 3 rows before, 4 after, every earlier value identical",
            "identical",
        ),
        ("DELETE FROM loose WHERE a IS NULL", "loose: 3 rows before, 2 after, 1 row lost", "lost"),
        (
            "INSERT INTO loose VALUES ('b', 2); UPDATE loose SET n = 9 WHERE a = 'a'",
            "loose: 3 rows before, 4 after, values changed in a, n",
            "changed",
        ),
        (
            "DELETE FROM loose WHERE n = 3; UPDATE loose SET n = 9 WHERE a = 'a'",
            f"loose: 3 rows before, 2 after, 1 row lost, {UNTOLD}",
            "lost",
        ),
        (
            "ALTER TABLE loose ADD x int; INSERT INTO loose VALUES ('c', 4, 5)",
            "loose: 3 rows before, 4 after, every earlier value identical",
            "identical",
        ),
    ],
    ids=[
        "a row with NULL",
        "a row as another",
        "a row less",
        "one changed too",
        "one less, one changed",
        "a column",
    ],
)
def test_rows_that_come_to_a_table_without_a_key_change_no_other(
    connection: Connection, change: str, sentence: str, verdict: str
) -> None:
    execute(connection, "CREATE TABLE loose (a varchar(9), n int)")
    execute(connection, "INSERT INTO loose VALUES ('a', 1), ('b', 2), (NULL, 3)")
    statements = change.split("; ")
    ledger = ledger_of(connection, lambda: execute(connection, *statements))
    (entry,) = ledger.entries
    assert (entry.sentence, entry.verdict) == (sentence, verdict)
