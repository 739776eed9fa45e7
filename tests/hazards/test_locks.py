"""What keeps others from a table on PostgreSQL is told, and what does not is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.schema.catalogue import Column, Part, Table
from tests.hazards.judging import codes
from tests.hazards.making import made_up

LOCKS = {"table-rewrite", "lock-table", "refresh-materialized-view", "attach-partition"}
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
