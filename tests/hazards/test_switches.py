"""What is switched off is told, unless it is off no more, or was never."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hazards.judging import codes, only
from tests.hazards.making import made_up


def test_what_is_not_switched_on_again_in_its_revision_is_an_error(tmp_path: Path) -> None:
    off, on = "SET FOREIGN_KEY_CHECKS = 0", "SET foreign_key_checks=ON"
    assert only(made_up(tmp_path / "a", "mysql", off), "checks-off").severity == "error"
    assert only(made_up(tmp_path / "b", "mysql", off, on), "checks-off").severity == "warning"
    assert only(made_up(tmp_path / "c", "mysql", off, on, off), "checks-off").severity == "error"


@pytest.mark.parametrize(
    ("database", "sql"),
    [
        ("mysql", "SET FOREIGN_KEY_CHECKS = 1"),
        ("mysql", "SET @OLD_FOREIGN_KEY_CHECKS = @@FOREIGN_KEY_CHECKS"),
        ("mysql", "SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')"),
        ("mysql", "SET sql_mode = 'STRICT_TRANS_TABLES,ANSI_QUOTES'"),
        ("mysql", "SET GLOBAL sql_mode = DEFAULT"),
        ("mysql", "SET NAMES utf8mb4"),
        ("postgresql", "SET session_replication_role = 'origin'"),
        ("postgresql", "ALTER TABLE products ENABLE TRIGGER ALL"),
        ("postgresql", "SET foreign_key_checks = 0"),
    ],
)
def test_what_switches_nothing_off_is_no_hazard(tmp_path: Path, database: str, sql: str) -> None:
    assert not {"checks-off", "lenient-mode"} & codes(made_up(tmp_path, database, sql))


@pytest.mark.parametrize("sql", ["SET @@SESSION.sql_mode = ''", "SET NAMES utf8, sql_mode='ANSI'"])
def test_a_mode_that_refuses_nothing_is_told(tmp_path: Path, sql: str) -> None:
    assert only(made_up(tmp_path, "mysql", sql), "lenient-mode").severity == "error"
