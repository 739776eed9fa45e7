"""The ledger of any table and any silent change, on each database: exactly what changed is told."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from console.schema.catalogue import read_catalogue
from console.schema.count import KeysByTable, count
from console.schema.dialect import VALUES_KEPT
from console.schema.excess import excess
from console.schema.ledger import Count
from console.schema.survival import compare
from console.schema.verdict import UNTOLD
from tests.schema.counting import ledger_of
from tests.servers import engine_of

SETTINGS = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
COLUMNS = ("name", "price", "weight")
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
    "price": st.none() | st.decimals(-1000, 1000, places=2),
    "weight": st.none() | st.integers(-5, 5) | st.integers(-(2**31), 2**31 - 1),
}
KEYS = {
    "a number": "id",
    "two columns": "code, id",
}
WIDER = {
    "sqlite": (
        "CREATE TABLE wide (id bigint PRIMARY KEY, code text, name text, price decimal, weight real)",
        "INSERT INTO wide SELECT * FROM t",
        "DROP TABLE t",
        "ALTER TABLE wide RENAME TO t",
    ),
    "postgresql": (
        "ALTER TABLE t ALTER name TYPE text, ALTER price TYPE numeric(20, 6), "
        "ALTER weight TYPE bigint, ALTER id TYPE bigint",
        "ALTER TABLE t ALTER weight TYPE numeric",
    ),
    "mysql": (
        "ALTER TABLE t MODIFY name longtext, MODIFY price decimal(20, 6), MODIFY weight bigint, "
        "MODIFY id bigint",
        "ALTER TABLE t MODIFY weight decimal(30, 4)",
    ),
}
Row = dict[str, Any]
CLEAN = Count((), ())


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "mysql"])
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """An empty database of each kind; every statement commits."""
    url = (
        f"sqlite:///{tmp_path / 'some.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue(request.param)
    )
    engine = engine_of(url)
    with engine.connect() as connection:
        yield connection


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    """The rows of a table, without their keys."""
    return draw(st.lists(st.fixed_dictionaries(VALUES), min_size=1, max_size=12))


def fill(connection: Connection, key: str, rows: list[Row]) -> None:
    """Give the table these rows and no others, with odd ids, so that others fit between them."""
    connection.execute(
        text(
            "CREATE TABLE IF NOT EXISTS t (id integer NOT NULL, code varchar(9) NOT NULL, "
            f"name text, price decimal(10, 2), weight integer, PRIMARY KEY ({KEYS[key]}))"
        )
    )
    connection.execute(text("DELETE FROM t"))
    insert(connection, {2 * number + 1: row for number, row in enumerate(rows)})


def insert(connection: Connection, rows: dict[int, Row]) -> None:
    """Add rows under these ids."""
    values = [{"id": id, "code": f"c{id % 5}", **plain(row)} for id, row in rows.items()]
    if values:
        sql = "INSERT INTO t (id, code, name, price, weight) VALUES (:id, :code, :name, :price, :weight)"
        connection.execute(text(sql), values)


def plain(row: Row) -> Row:
    """Values that each driver takes."""
    return {name: str(v) if isinstance(v, Decimal) else v for name, v in row.items()}


@pytest.mark.parametrize("key", KEYS)
@SETTINGS
@given(data=st.data(), rows=tables())
def test_exactly_the_columns_that_changed_are_told(
    connection: Connection, key: str, rows: list[Row], data: st.DataObject
) -> None:
    fill(connection, key, rows)
    cells = st.tuples(st.integers(0, len(rows) - 1), st.sampled_from(COLUMNS))
    chosen = data.draw(st.sets(cells, max_size=3))
    new = {
        (number, name): data.draw(VALUES[name].filter(lambda v, n=number, c=name: v != rows[n][c]))
        for number, name in chosen
    }
    more = data.draw(st.lists(st.fixed_dictionaries(VALUES), max_size=2))

    def change() -> None:
        for (number, name), value in new.items():
            connection.execute(
                text(f"UPDATE t SET {name} = :v WHERE id = :id"),
                {"id": 2 * number + 1, "v": plain({"v": value})["v"]},
            )
        insert(connection, {2 * number + 2: row for number, row in enumerate(more)})

    ledger = ledger_of(connection, change)
    (entry,) = ledger.entries
    assert {c.name for c in entry.columns if c.verdict == "changed"} == {name for _, name in chosen}
    assert ledger.is_clean == (not chosen)
    assert (entry.rows_before, entry.rows_after) == (len(rows), len(rows) + len(more))
    assert entry.rows_lost == 0


@pytest.mark.parametrize("key", KEYS)
@SETTINGS
@given(data=st.data(), rows=tables())
def test_exactly_the_rows_that_are_gone_are_told(
    connection: Connection, key: str, rows: list[Row], data: st.DataObject
) -> None:
    fill(connection, key, rows)
    gone = data.draw(st.sets(st.integers(0, len(rows) - 1), min_size=1, max_size=3))
    more = data.draw(
        st.lists(st.fixed_dictionaries(VALUES), max_size=4).filter(lambda m: len(m) != len(gone))
    )

    def change() -> None:
        for number in gone:
            connection.execute(text("DELETE FROM t WHERE id = :id"), {"id": 2 * number + 1})
        insert(connection, {2 * number + 2: row for number, row in enumerate(more)})

    (entry,) = ledger_of(connection, change).entries
    assert (entry.verdict, entry.rows_lost) == ("lost", len(gone))


@pytest.mark.parametrize("key", KEYS)
@SETTINGS
@given(data=st.data(), rows=tables().filter(lambda rows: len(rows) > 1))
def test_changes_in_the_rows_that_stay_are_told_where_others_are_gone(
    connection: Connection, key: str, rows: list[Row], data: st.DataObject
) -> None:
    fill(connection, key, rows)
    numbers = st.integers(0, len(rows) - 1)
    gone = data.draw(st.sets(numbers, min_size=1, max_size=len(rows) - 1))
    stay = sorted(set(range(len(rows))) - gone)
    cells = st.tuples(st.sampled_from(stay), st.sampled_from(COLUMNS))
    chosen = data.draw(st.sets(cells, max_size=2))
    new = {
        (number, name): data.draw(VALUES[name].filter(lambda v, n=number, c=name: v != rows[n][c]))
        for number, name in chosen
    }

    def remove() -> None:
        for number in gone:
            connection.execute(text("DELETE FROM t WHERE id = :id"), {"id": 2 * number + 1})

    def change() -> None:
        remove()
        for (number, name), value in new.items():
            connection.execute(
                text(f"UPDATE t SET {name} = :v WHERE id = :id"),
                {"id": 2 * number + 1, "v": plain({"v": value})["v"]},
            )

    ledger = ledger_of(connection, change)
    (entry,) = ledger.entries
    assert (entry.rows_lost, entry.untold) == (len(gone), False)
    assert {c.name for c in entry.columns if c.verdict == "changed"} == {name for _, name in chosen}
    fill(connection, key, rows)
    assert bool(excess(ledger, ledger_of(connection, remove))) == bool(chosen)


@pytest.mark.parametrize("reason", ["too many values", "no primary key", "an unforeseen loss"])
def test_values_that_cannot_be_told_are_never_passed_over(
    connection: Connection, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[Row] = [{"name": "a", "price": None, "weight": n} for n in (1, 2, 3)]
    fill(connection, "a number", rows)
    told = ledger_of(connection, lambda: execute(connection, "DELETE FROM t WHERE weight = 2"))
    losing = None
    if reason == "too many values":
        monkeypatch.setitem(VALUES_KEPT, "values", 0)
    if reason == "no primary key":
        keyless(connection)
        execute(connection, "UPDATE t SET weight = id")
    if reason == "an unforeseen loss":
        losing = ("another",)
    change = ["DELETE FROM t WHERE weight = 1"]
    if reason == "no primary key":  # without it the rows that stay are all there as they were
        change.append("UPDATE t SET name = NULL WHERE weight = 2")
    ledger = ledger_of(connection, lambda: execute(connection, *change), losing)
    (entry,) = ledger.entries
    assert entry.sentence.endswith("the values of the rows that stay cannot be told from here")
    assert {column.verdict for column in entry.columns} == {"unknown"}
    assert excess(ledger, ledger) == ()
    assert len(excess(ledger, told)) == 1


@pytest.mark.parametrize("most", [15, 14])
def test_values_of_a_small_table_are_told_though_no_loss_was_foreseen(
    connection: Connection, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(VALUES_KEPT, "few values", most)  # the table has fifteen
    fill(connection, "a number", [{"name": "a", "price": None, "weight": n} for n in (1, 2, 3)])
    change = ("DELETE FROM t WHERE weight = 1", "UPDATE t SET name = NULL WHERE weight = 2")
    ledger = ledger_of(connection, lambda: execute(connection, *change), (), "few values")
    (entry,) = ledger.entries
    changed = [column.name for column in entry.columns if column.verdict == "changed"]
    assert (entry.untold, changed) == ((False, ["name"]) if most == 15 else (True, []))


def test_a_column_that_is_renamed_while_rows_go_is_recognised(connection: Connection) -> None:
    fill(connection, "a number", [{"name": n, "price": None, "weight": 2} for n in "abc"])
    rename = ("DELETE FROM t WHERE name = 'b'", "ALTER TABLE t RENAME COLUMN name TO title")
    (entry,) = ledger_of(connection, lambda: execute(connection, *rename)).entries
    assert entry.sentence == ("t: 3 rows before, 2 after, 1 row lost, column name renamed to title")


@pytest.mark.parametrize("key", KEYS)
def test_rows_in_the_place_of_others_are_told(connection: Connection, key: str) -> None:
    row: Row = {"name": "a", "price": Decimal("1.50"), "weight": 1}
    fill(connection, key, [row] * 4)

    def change() -> None:
        connection.execute(text("DELETE FROM t"))
        insert(connection, {2 * number: row for number in range(4)})

    (entry,) = ledger_of(connection, change).entries
    assert (entry.verdict, entry.rows_lost) == ("changed", 0)
    assert entry.sentence.endswith(": 4 rows were replaced by others, or given other keys")


@SETTINGS
@given(data=st.data(), rows=tables().filter(lambda rows: len(rows) > 1))
def test_values_that_change_places_are_told(
    connection: Connection, rows: list[Row], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(COLUMNS))
    moved = rows[1:] + rows[:1]
    fill(connection, "a number", rows)
    cells = {2 * number + 1: row[name] for number, row in enumerate(moved)}

    def change() -> None:
        for id, value in cells.items():
            connection.execute(
                text(f"UPDATE t SET {name} = :v WHERE id = :id"),
                {"id": id, **plain({"v": value})},
            )

    is_same = all(old[name] == new[name] for old, new in zip(rows, moved, strict=True))
    assert ledger_of(connection, change).is_clean == is_same


@SETTINGS
@given(rows=tables())
def test_equal_values_in_wider_columns_are_identical(
    connection: Connection, rows: list[Row]
) -> None:
    connection.execute(text("DROP TABLE IF EXISTS t"))
    fill(connection, "a number", rows)

    def change() -> None:
        for statement in WIDER[connection.dialect.name]:
            connection.execute(text(statement))

    ledger = ledger_of(connection, change)
    assert ledger.is_clean, ledger.verdict


def keyless(connection: Connection) -> None:
    """A table without a primary key, some of whose rows share values."""
    connection.execute(text("DROP TABLE IF EXISTS t"))
    connection.execute(text("CREATE TABLE t (id integer, name varchar(20), weight integer)"))
    rows = "(1, 'Lamp', 7), (2, 'Chair', 7), (3, NULL, 9), (NULL, 'Rug', NULL)"
    connection.execute(text(f"INSERT INTO t VALUES {rows}"))


def execute(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(text(statement))


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


@pytest.mark.parametrize(
    ("connection", "kind", "value", "change"),
    [
        ("postgresql", "real", "0.1", "ALTER TABLE v ALTER v TYPE float8"),
        ("postgresql", "date", "'2020-01-31'", "ALTER TABLE v ALTER v TYPE timestamp"),
        (
            "postgresql",
            "json",
            """'{"b": 1.0, "a": [1, {"c":null}]}'""",
            "ALTER TABLE v ALTER v TYPE jsonb",
        ),
        ("postgresql", "jsonb", """'{"b": 1.0, "a": 2}'""", "ALTER TABLE v ALTER v TYPE json"),
        ("postgresql", "json", r"""'{"a": "\u0000"}'""", "ALTER TABLE v ADD w int"),
        (
            "postgresql",
            "numeric(9, 2)[]",
            "'{1.50, 20.00, NULL, 300}'",
            "ALTER TABLE v ALTER v TYPE numeric(12, 5)[]",
        ),
        (
            "postgresql",
            "int[]",
            "'[0:1][1:1]={{10},{200}}'",
            "ALTER TABLE v ALTER v TYPE numeric(12, 5)[]",
        ),
        ("postgresql", "real[]", "'{0.1}'", "ALTER TABLE v ALTER v TYPE float8[]"),
        ("postgresql", "money_of_own", "1.5", "ALTER TABLE v ALTER v TYPE numeric(9, 4)"),
        (
            "postgresql",
            "timestamp",
            "'2020-01-31 10:00'",
            "ALTER TABLE v ALTER v TYPE timestamptz USING v AT TIME ZONE 'UTC'",
        ),
        (
            "mariadb",
            "char(36)",
            "'6ccd780c-baba-1026-9564-5b8c656024db'",
            "ALTER TABLE v MODIFY v uuid",
        ),
        ("mariadb", "int(5) zerofill", "5", "ALTER TABLE v MODIFY v int"),
        ("mysql", "int(5) zerofill", "5", "ALTER TABLE v MODIFY v int"),
        ("mariadb", "timestamp", "'2020-01-31 10:00'", "SET time_zone = '+09:00'"),
        ("mysql", "timestamp", "'2020-01-31 10:00'", "SET time_zone = '+09:00'"),
    ],
    indirect=["connection"],
)
def test_the_same_value_in_other_words_is_identical(
    connection: Connection, kind: str, value: str, change: str
) -> None:
    raw = connection.exec_driver_sql
    if connection.dialect.name == "postgresql":
        raw("CREATE DOMAIN money_of_own AS numeric(9, 2)")
    raw(f"CREATE TABLE v (id int PRIMARY KEY, v {kind} NULL)")
    raw(f"INSERT INTO v VALUES (1, {value}), (2, NULL)")
    ledger = ledger_of(connection, lambda: raw(change))
    assert ledger.is_clean, ledger.verdict


@pytest.mark.parametrize(
    ("kind", "value", "change"),
    [
        ("timestamp", "'2020-01-31 10:00'", "TYPE timestamptz USING v AT TIME ZONE 'Asia/Tokyo'"),
        ("json", """'{"b": 1, "a": 2}'""", "TYPE jsonb USING jsonb_set(v\\:\\:jsonb, '{a}', '3')"),
        ("json", """'{"b": 1, "a": 2}'""", 'TYPE json USING \'{"a"\\: 2, "b"\\: 1}\''),
        ("numeric(9, 2)[]", "'{1.50, 20.00}'", "TYPE numeric(9, 1)[] USING '{1.5, 20.1}'"),
        ("numeric(9, 2)[]", "'{10, 20}'", "TYPE numeric(9, 4)[] USING '{1, 20}'"),
    ],
)
def test_another_value_in_other_words_is_told(
    postgresql: str, kind: str, value: str, change: str
) -> None:
    with engine_of(postgresql).connect() as connection:
        connection.exec_driver_sql(f"CREATE TABLE v (id int PRIMARY KEY, v {kind})")
        connection.exec_driver_sql(f"INSERT INTO v VALUES (1, {value}), (2, {value})")
        delete = "DELETE FROM v WHERE id = 2"
        for first in ((), (delete,)):
            alter = f"ALTER TABLE v ALTER v {change}"
            ledger = ledger_of(connection, lambda f=first, a=alter: execute(connection, *f, a))
            (entry,) = ledger.entries
            assert [c.name for c in entry.columns if c.verdict == "changed"] == ["v"]
            connection.exec_driver_sql("DROP TABLE v")
            connection.exec_driver_sql(f"CREATE TABLE v (id int PRIMARY KEY, v {kind})")
            connection.exec_driver_sql(f"INSERT INTO v VALUES (1, {value}), (2, {value})")


def test_json_that_becomes_jsonb_while_rows_go_is_not_called_changed(postgresql: str) -> None:
    with engine_of(postgresql).connect() as connection:
        connection.exec_driver_sql("CREATE TABLE v (id int PRIMARY KEY, v json)")
        connection.exec_driver_sql("""INSERT INTO v VALUES (1, '{"b": 1, "a": 2}'), (2, NULL)""")
        change = ("DELETE FROM v WHERE id = 2", "ALTER TABLE v ALTER v TYPE jsonb")
        (entry,) = ledger_of(connection, lambda: execute(connection, *change)).entries
        assert {column.verdict for column in entry.columns} == {"identical"}


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


DROP = ("ALTER TABLE t DROP COLUMN weight", "ALTER TABLE t ADD COLUMN tall integer DEFAULT 7")


@pytest.mark.parametrize(
    ("statements", "renamed_to"),
    [
        (DROP, None),
        (("ALTER TABLE t RENAME COLUMN weight TO tall",), "tall"),
        ((DROP[1], "UPDATE t SET tall = weight", DROP[0]), "tall"),
    ],
    ids=["dropped", "renamed", "copied"],
)
def test_a_column_of_one_value_is_renamed_only_where_a_statement_says_so(
    connection: Connection, statements: tuple[str, ...], renamed_to: str | None
) -> None:
    fill(connection, "a number", [{"name": n, "price": None, "weight": 7} for n in "abc"])
    keys: KeysByTable = {}
    before = count(connection, keys=keys)
    execute(connection, *statements)
    after = count(connection, earlier=keys, before=before)
    (entry,) = compare(before, after, statements).entries
    (weight,) = (column for column in entry.columns if column.name == "weight")
    assert weight.renamed_to == renamed_to
    assert weight.verdict == ("identical" if renamed_to else "lost")


def test_tables_that_are_called_like_the_consoles_are_counted(connection: Connection) -> None:
    expect_it_counts(connection, "console_games")


def test_tables_in_a_schema_that_is_called_like_the_consoles_are_counted(postgresql: str) -> None:
    with engine_of(postgresql).connect() as connection:
        execute(connection, "CREATE SCHEMA console_data")
        expect_it_counts(connection, "console_data.games")


def expect_it_counts(connection: Connection, name: str) -> None:
    """A table of this name is the application's, beside one that is the console's."""
    execute(
        connection,
        f"CREATE TABLE {name} (id integer PRIMARY KEY)",
        f"INSERT INTO {name} VALUES (1)",
        "CREATE TABLE console_run (id integer PRIMARY KEY)",
    )
    ledger = ledger_of(connection, lambda: execute(connection, f"DELETE FROM {name}"))
    assert ledger.losses == (f"{name}: 1 row before, 0 after, 1 row lost",)
    assert [entry.table for entry in ledger.entries] == [name]
    assert {table.name for table in read_catalogue(connection).tables} == {name}


OTHER_KEYS = {
    "a": {
        "sqlite": "CREATE TABLE w (a integer PRIMARY KEY, b integer NOT NULL, name text)",
        "postgresql": "ALTER TABLE t ADD PRIMARY KEY (a)",
        "mysql": "ALTER TABLE t ADD PRIMARY KEY (a)",
    },
    "b, a": {
        "sqlite": "CREATE TABLE w (a integer, b integer NOT NULL, name text, PRIMARY KEY (b, a))",
        "postgresql": "ALTER TABLE t ADD PRIMARY KEY (b, a)",
        "mysql": "ALTER TABLE t ADD PRIMARY KEY (b, a)",
    },
    "a new number": {
        "sqlite": "CREATE TABLE w (a integer, b integer NOT NULL, name text, id integer PRIMARY KEY)",
        "postgresql": "ALTER TABLE t ADD COLUMN id serial PRIMARY KEY",
        "mysql": "ALTER TABLE t ADD COLUMN id integer AUTO_INCREMENT PRIMARY KEY",
    },
    "none": {
        "sqlite": "CREATE TABLE w (a integer, b integer NOT NULL, name text)",
        "postgresql": "SELECT 1",
        "mysql": "SELECT 1",
    },
}
COPY = (
    "INSERT INTO w (a, b, name) SELECT a, b, name FROM t ORDER BY b",
    "DROP TABLE t",
    "ALTER TABLE w RENAME TO t",
)


def rekey(connection: Connection, key: str) -> None:
    """Give the table another primary key, with the same rows."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        execute(connection, "ALTER TABLE t DROP CONSTRAINT IF EXISTS t_pkey")
    elif dialect == "mysql" and connection.execute(text("SHOW KEYS FROM t")).all():
        execute(connection, "ALTER TABLE t DROP PRIMARY KEY")
    for statement in (OTHER_KEYS[key][dialect], *(COPY if dialect == "sqlite" else ())):
        execute(connection, statement)


@pytest.mark.parametrize("first", ["", ", PRIMARY KEY (a)", ", PRIMARY KEY (a, b)"])
@pytest.mark.parametrize("then", OTHER_KEYS)
def test_another_primary_key_leaves_every_value_identical(
    connection: Connection, first: str, then: str
) -> None:
    execute(
        connection,
        f"CREATE TABLE t (a integer NOT NULL, b integer NOT NULL, name varchar(9){first})",
    )
    execute(connection, "INSERT INTO t VALUES (1, 9, 'Lamp'), (2, 7, 'Chair'), (3, 8, NULL)")
    ledger = ledger_of(connection, lambda: rekey(connection, then))
    assert ledger.is_clean, ledger.verdict


def test_a_row_that_another_one_replaces_is_lost(connection: Connection) -> None:
    fill(connection, "a number", [{"name": None, "price": None, "weight": n} for n in (1, 2, 3)])

    def replace_one() -> None:
        execute(connection, "DELETE FROM t WHERE weight = 2")
        insert(connection, {8: {"name": "Desk", "price": None, "weight": 4}})

    ledger = ledger_of(connection, replace_one)
    assert ledger.losses == ("t: 3 rows before, 3 after, 1 row lost",)


def test_a_renamed_table_without_a_primary_key_may_gain_a_column(connection: Connection) -> None:
    keyless(connection)

    def rename() -> None:
        execute(connection, "ALTER TABLE t RENAME TO u")
        execute(connection, "ALTER TABLE u ADD COLUMN more integer DEFAULT 5")

    ledger = ledger_of(connection, rename)
    assert ledger.is_clean, ledger.verdict


LIMITS = {
    "postgresql": ("SET statement_timeout = '100ms'", "SHOW statement_timeout"),
    "mariadb": ("SET SESSION max_statement_time = 0.1", "SELECT @@max_statement_time"),
    "mysql": ("SET SESSION max_execution_time = 100", "SELECT @@max_execution_time"),
}


@pytest.mark.parametrize("connection", sorted(LIMITS), indirect=True)
def test_counting_may_last_longer_than_the_statements_of_an_application(
    connection: Connection, request: pytest.FixtureRequest
) -> None:
    limit, asked = LIMITS[request.node.callspec.params["connection"]]
    connection.execute(text("CREATE TABLE t (id bigint, name varchar(20))"))
    connection.execute(text("INSERT INTO t VALUES (1, 'Lamp')"))
    for _ in range(18):
        connection.execute(text("INSERT INTO t SELECT * FROM t"))
    connection.rollback()
    connection.execution_options(isolation_level="READ COMMITTED")  # as a plan has it
    connection.execute(text(limit))
    allowed = connection.execute(text(asked)).scalar()
    (table,) = count(connection).tables
    assert table.rows == 2**18
    assert connection.execute(text(asked)).scalar() == allowed


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
