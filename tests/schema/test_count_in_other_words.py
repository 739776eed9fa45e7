"""The ledger of columns whose values are written otherwise afterwards."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from tests.schema.counting import execute, ledger_of
from tests.servers import engine_of


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
