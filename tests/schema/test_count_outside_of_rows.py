"""The ledger of what is no row of a table: large objects, sequences, partitions, views, history."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from console.schema.excess import excess
from console.schema.survival import compare
from tests.schema.counting import CLEAN, execute, ledger_of
from tests.servers import engine_of


@pytest.mark.parametrize(
    ("connection", "before", "change", "loss"),
    [
        (
            "postgresql",
            ("SELECT lo_from_bytea(7001, 'a')", "SELECT lo_from_bytea(7002, 'b')"),
            "SELECT lo_unlink(7002)",
            "large objects: 2 rows before, 1 after, 1 row lost",
        ),
        (
            "mariadb",
            (
                "CREATE TABLE v (id int PRIMARY KEY, v int) WITH SYSTEM VERSIONING",
                "INSERT INTO v VALUES (1, 1)",
                "UPDATE v SET v = 2",
            ),
            "ALTER TABLE v DROP SYSTEM VERSIONING",
            "v: 1 row before, 1 after, 1 row of its history lost, every earlier value identical",
        ),
    ],
    indirect=["connection"],
)
def test_what_lies_outside_of_rows_is_counted(
    connection: Connection, before: tuple[str, ...], change: str, loss: str
) -> None:
    execute(connection, *before)
    ledger = ledger_of(connection, lambda: execute(connection, change))
    assert ledger.losses == (loss,)
    assert len(excess(ledger, compare(CLEAN, CLEAN))) >= 1
    assert excess(ledger, ledger) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("SELECT lo_put(7001, 1, 'x')", "2 after, values changed in content"),
        ("SELECT lo_from_bytea(7009, 'new')", "3 after, every earlier value identical"),
        (
            "SELECT lo_unlink(7002), lo_put(7001, 0, 'x')",
            "1 after, 1 row lost, values changed in content",
        ),
    ],
)
def test_what_large_objects_hold_is_compared(postgresql: str, change: str, said: str) -> None:
    with engine_of(postgresql).connect() as connection:
        execute(connection, "SELECT lo_from_bytea(7001, 'abc'), lo_from_bytea(7002, 'def')")
        ledger = ledger_of(connection, lambda: execute(connection, change))
        assert ledger.entries[0].sentence == f"large objects: 2 rows before, {said}"


def test_large_objects_that_are_too_many_to_be_read_are_only_counted(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.schema.large_objects.READ_BYTES", 0)
    with engine_of(postgresql).connect() as connection:
        execute(connection, "SELECT lo_from_bytea(7001, 'abc')")
        change = "SELECT lo_put(7001, 1, 'x')"
        ledger = ledger_of(connection, lambda: execute(connection, change))
        assert ledger.entries[0].sentence == (
            "large objects: 1 row before, 1 after, what they hold was not compared"
        )


@pytest.mark.parametrize(
    ("connection", "before", "change", "words"),
    [
        ("postgresql", "SELECT 1", "SELECT setval('s_id_seq', 1)", "s.id goes back from 4 to 2"),
        ("postgresql", "SELECT 1", "SELECT nextval('s_id_seq')", ""),
        ("postgresql", "SELECT 1", "ALTER SEQUENCE s_id_seq RESTART 100", ""),
        (
            "postgresql",
            "CREATE SEQUENCE n START 7",
            "ALTER SEQUENCE n RESTART 5",
            "n goes back from 7 to 5",
        ),
        (
            "mariadb",
            "CREATE SEQUENCE n START 7",
            "ALTER SEQUENCE n RESTART 5",
            "n goes back from 7 to 5",
        ),
        ("mariadb", "CREATE SEQUENCE n START 7", "ALTER SEQUENCE n RESTART 9", ""),
        ("mariadb", "SELECT 1", "ALTER TABLE s AUTO_INCREMENT = 1", "s.id goes back from 4 to 3"),
        ("mysql", "SELECT 1", "ALTER TABLE s AUTO_INCREMENT = 1", "s.id goes back from 4 to 3"),
        ("mysql", "SELECT 1", "ALTER TABLE s ADD w int", ""),
        ("mariadb", "SELECT 1", "ALTER TABLE s ADD w int, ALGORITHM = COPY", ""),
        ("mariadb", "SELECT 1", "ALTER TABLE s AUTO_INCREMENT = 9", ""),
        ("sqlite", "SELECT 1", "UPDATE sqlite_sequence SET seq = 2", "s goes back from 4 to 3"),
        ("sqlite", "SELECT 1", "DELETE FROM sqlite_sequence", "s goes back from 4 to 3"),
        ("sqlite", "SELECT 1", "ALTER TABLE s ADD w int", ""),
        ("sqlite", "SELECT 1", "UPDATE sqlite_sequence SET seq = 9", ""),
    ],
    indirect=["connection"],
)
def test_a_sequence_that_gives_numbers_again_is_told(
    connection: Connection, before: str, change: str, words: str
) -> None:
    key = {
        "postgresql": "serial PRIMARY KEY",
        "sqlite": "integer PRIMARY KEY AUTOINCREMENT",
    }.get(connection.dialect.name, "int PRIMARY KEY AUTO_INCREMENT")
    execute(connection, f"CREATE TABLE s (id {key}, v int)", before)
    execute(connection, "INSERT INTO s (v) VALUES (1), (2), (3)", "DELETE FROM s WHERE id = 3")
    ledger = ledger_of(connection, lambda: execute(connection, change))
    assert ledger.is_clean == (not words)
    assert f"the sequence of {words}" in ledger.verdict or not words
    assert bool(excess(ledger, compare(CLEAN, CLEAN))) == bool(words)
    assert excess(ledger, ledger) == ()


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ("ALTER TABLE parts ATTACH PARTITION late FOR VALUES FROM (10) TO (20)", "Nothing is lost"),
        ("UPDATE late SET v = 9", "Nothing is lost, but values change: late"),
        ("DROP TABLE late", "Data is lost: late: table removed, 1 row lost"),
    ],
)
def test_a_table_that_becomes_a_partition_keeps_its_rows(
    postgresql: str, change: str, verdict: str
) -> None:
    with engine_of(postgresql).connect() as connection:
        execute(
            connection,
            "CREATE TABLE parts (id int PRIMARY KEY, v int) PARTITION BY RANGE (id)",
            "CREATE TABLE early PARTITION OF parts FOR VALUES FROM (0) TO (10)",
            "CREATE TABLE late (id int PRIMARY KEY, v int)",
            "INSERT INTO parts VALUES (1, 1)",
            "INSERT INTO late VALUES (11, 2)",
        )
        ledger = ledger_of(connection, lambda: execute(connection, change))
        assert ledger.verdict.startswith(verdict)
        assert {entry.table for entry in ledger.entries} == {"parts", "late"}


def test_what_a_materialized_view_held_and_a_rule_are_missed(postgresql: str) -> None:
    with engine_of(postgresql).connect() as connection:
        execute(
            connection,
            "CREATE TABLE t (id int PRIMARY KEY)",
            "CREATE MATERIALIZED VIEW m AS SELECT id FROM t",
            "CREATE RULE keep AS ON DELETE TO t DO INSTEAD NOTHING",
        )
        change = ("REFRESH MATERIALIZED VIEW m WITH NO DATA", "DROP RULE keep ON t")
        ledger = ledger_of(connection, lambda: execute(connection, *change))
        assert ledger.losses == ("content of view m removed", "rule keep removed")
