"""What becomes of the rows of partitions on MariaDB and MySQL is told."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from tests.hazards.judging import only
from tests.hazards.making import made_up

EXCHANGE = "ALTER TABLE products EXCHANGE PARTITION p0 WITH TABLE makers"
LESS = "VALUES LESS THAN"
STUCK = "In a revision MariaDB waits for itself, and gives up."


@pytest.mark.parametrize(
    ("how", "severity"),
    [("", "warning"), (" WITH VALIDATION", "warning"), (" WITHOUT VALIDATION", "error")],
)
def test_rows_that_nobody_looks_at_are_an_error(tmp_path: Path, how: str, severity: str) -> None:
    hazard = only(made_up(tmp_path, "mysql", f"{EXCHANGE}{how}"), "exchange-partition")
    assert (hazard.severity, STUCK in hazard.danger) == (severity, False)
    assert "INSERT INTO products SELECT * FROM makers WHERE …" in hazard.rewrite


def test_mariadb_exchanges_no_partition_in_a_revision(tmp_path: Path) -> None:
    hazards = made_up(tmp_path, "mysql", EXCHANGE, clone="MariaDB dump and load")
    hazard = only(hazards, "exchange-partition")
    assert (hazard.severity, STUCK in hazard.danger) == ("error", True)


@pytest.mark.parametrize("is_off", [True, False])
def test_it_is_autocommit_that_keeps_mariadb_from_it(mariadb: str, is_off: bool) -> None:
    with create_engine(mariadb).connect() as connection:
        for statement in (
            "CREATE TABLE t (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 1",
            "CREATE TABLE u (id INT PRIMARY KEY)",
            f"SET autocommit = {int(not is_off)}, innodb_lock_wait_timeout = 1",
        ):
            connection.exec_driver_sql(statement)
        refusal = pytest.raises(DBAPIError, match="1205") if is_off else nullcontext()
        with refusal:
            connection.exec_driver_sql("ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE u")


@pytest.mark.parametrize("how", ["", " WITH VALIDATION", " WITHOUT VALIDATION"])
def test_a_table_that_becomes_a_partition_is_gone(tmp_path: Path, how: str) -> None:
    bounds = f"{LESS}(30)"
    sql = f"ALTER TABLE products CONVERT TABLE `my makers` TO PARTITION p2 {bounds}{how}"
    hazard = only(made_up(tmp_path, "mysql", sql), "convert-partition")
    assert (hazard.severity, hazard.subject) == ("error", "products.p2")
    assert hazard.danger.startswith("The table my makers is gone, and its rows are those of the")
    assert STUCK in hazard.danger
    assert f"ALTER TABLE products ADD PARTITION (PARTITION p2 {bounds})" in hazard.rewrite
    assert "INSERT INTO products SELECT * FROM `my makers` WHERE …" in hazard.rewrite


@pytest.mark.parametrize("is_off", [True, False])
def test_it_is_autocommit_that_keeps_mariadb_from_that_as_well(mariadb: str, is_off: bool) -> None:
    with create_engine(mariadb).connect() as connection:
        for statement in (
            f"CREATE TABLE t (id INT PRIMARY KEY) PARTITION BY RANGE (id) "
            f"(PARTITION p0 {LESS} (9), PARTITION p9 {LESS} (10))",
            "CREATE TABLE u (id INT PRIMARY KEY)",
            f"SET autocommit = {int(not is_off)}, innodb_lock_wait_timeout = 1",
        ):
            connection.exec_driver_sql(statement)
        refusal = pytest.raises(DBAPIError, match="1205") if is_off else nullcontext()
        with refusal:
            connection.exec_driver_sql(f"ALTER TABLE t CONVERT TABLE u TO PARTITION p1 {LESS} (20)")
        connection.exec_driver_sql("ALTER TABLE t CONVERT PARTITION p0 TO TABLE v")


@pytest.mark.parametrize(
    "sql", ["CONVERT TO CHARACTER SET utf8mb4", "ADD PARTITION (PARTITION p2 x)"]
)
def test_what_converts_no_partition_is_told_from_it(tmp_path: Path, sql: str) -> None:
    found = made_up(tmp_path, "mysql", f"ALTER TABLE products {sql}")
    assert "convert-partition" not in {hazard.code for hazard in found}
