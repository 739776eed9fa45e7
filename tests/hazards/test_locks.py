"""What keeps others from a table on PostgreSQL is told, and what does not is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.schema.catalogue import Column, Part, Table
from tests.hazards.judging import codes, only
from tests.hazards.making import made_up

LOCKS = {
    "attach-partition",
    "detach-partition",
    "lock-table",
    "refresh-materialized-view",
    "table-rewrite",
}
ID = (Column("id", "INTEGER", nullable=False),)


def found(folder: Path, *sql: str, tables: tuple[Table, ...] = ()) -> set[str]:
    """Which of these rules find something."""
    given = {"tables": tables} if tables else {}
    return LOCKS & codes(made_up(folder, "postgresql", *sql, **given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "sql",
    [
        "LOCK TABLE products IN ROW EXCLUSIVE MODE",
        "LOCK TABLE other",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY sums",
        "REFRESH MATERIALIZED VIEW sums WITH NO DATA",
        "ALTER TABLE products SET (fillfactor = 70)",
        "ALTER TABLE parent ATTACH PARTITION empty FOR VALUES IN (1)",
        "ALTER TABLE parent ATTACH PARTITION other FOR VALUES IN (1)",
        "ALTER TABLE products DETACH PARTITION child CONCURRENTLY",
        "ALTER TABLE products DETACH PARTITION child FINALIZE",
        "ALTER TABLE fresh DETACH PARTITION child",
        "ALTER INDEX ix_of_the_plan SET TABLESPACE fast",
        "ALTER INDEX ix_name SET (fillfactor = 70)",
    ],
)
def test_what_keeps_nobody_from_a_table(tmp_path: Path, sql: str) -> None:
    assert found(tmp_path, sql) == set()


def test_a_view_that_the_plan_makes_has_no_readers_yet(tmp_path: Path) -> None:
    made = "CREATE MATERIALIZED VIEW sums AS SELECT 1 WITH NO DATA"
    assert found(tmp_path, made, "REFRESH MATERIALIZED VIEW sums") == set()


@pytest.mark.parametrize(
    ("check", "is_read"),
    [
        ("((id >= 1) AND (id < 9))", False),
        ("((id >= 1) AND (id < 9)) NOT VALID", True),
        ("((id >= 1) AND (id < 8))", True),
    ],
)
def test_a_check_of_the_same_bounds_spares_the_look_at_the_rows(
    tmp_path: Path, check: str, is_read: bool
) -> None:
    child = Table("products", ID, (Part("check", "ck", check),))
    attach = "ALTER TABLE parent ATTACH PARTITION products FOR VALUES FROM (1) TO (9)"
    codes_found = found(tmp_path, attach, tables=(child,))
    assert ("attach-partition" in codes_found) == is_read


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        ("INT REFERENCES empty (id)", None),
        ("INT DEFAULT 1 REFERENCES empty (id)", "foreign-key-valid"),
        ("INT UNIQUE", "add-unique-constraint"),
        ("INT CHECK (x > 0)", "check-valid"),
    ],
)
def test_a_constraint_beside_a_new_column_is_looked_at(
    tmp_path: Path, definition: str, code: str | None
) -> None:
    added = codes(made_up(tmp_path, "postgresql", f"ALTER TABLE products ADD x {definition}"))
    wanted = {"foreign-key-valid", "add-unique-constraint", "check-valid"}
    assert added & wanted == ({code} if code else set())


@pytest.mark.parametrize(
    ("sql", "subject", "code"),
    [
        ("ALTER TABLE products DETACH PARTITION shop.old", "products.old", "detach-partition"),
        ("ALTER TABLE IF EXISTS products SET LOGGED", "products", "table-rewrite"),
        ("ALTER INDEX IF EXISTS ix_name SET TABLESPACE fast", "products.ix_name", "table-rewrite"),
        ("ALTER MATERIALIZED VIEW sums SET TABLESPACE fast", "sums", "table-rewrite"),
        ("ALTER INDEX ALL IN TABLESPACE slow SET TABLESPACE fast NOWAIT", "slow", "table-rewrite"),
        ("VACUUM FULL VERBOSE products, empty", "products, empty", "vacuum-full"),
        ("VACUUM FULL", "the whole database", "vacuum-full"),
    ],
)
def test_what_keeps_everybody_from_it(tmp_path: Path, sql: str, subject: str, code: str) -> None:
    assert only(made_up(tmp_path, "postgresql", sql), code).subject.endswith(subject)


def test_a_partitioned_table_has_no_rows_to_be_written_anew(tmp_path: Path) -> None:
    parent = Table("products", ID, (Part("option", "", "partition by RANGE (id)"),))
    assert found(tmp_path, "ALTER TABLE products SET TABLESPACE fast", tables=(parent,)) == set()


def test_a_table_that_is_made_anew_is_made_as_it_shall_be(tmp_path: Path) -> None:
    for how, made in (
        ("UNLOGGED", "CREATE UNLOGGED TABLE products_new (LIKE products INCLUDING ALL)"),
        (
            "TABLESPACE fast",
            "CREATE TABLE products_new (LIKE products INCLUDING ALL) TABLESPACE fast",
        ),
        (
            "ACCESS METHOD heap",
            "CREATE TABLE products_new (LIKE products INCLUDING ALL) USING heap",
        ),
    ):
        (tmp_path / how).mkdir()
        hazards = made_up(tmp_path / how, "postgresql", f"ALTER TABLE products SET {how}")
        assert made in only(hazards, "table-rewrite").rewrite
