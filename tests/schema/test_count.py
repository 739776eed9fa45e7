"""The ledger of any table and any silent change, on each database: exactly what changed is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from console.schema.catalogue import read_catalogue
from console.schema.count import KeysByTable, count
from console.schema.dialect import VALUES_KEPT
from console.schema.excess import excess
from console.schema.survival import compare
from tests.schema.counting import execute, keyless, ledger_of
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
