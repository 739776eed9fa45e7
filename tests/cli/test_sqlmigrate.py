"""sqlmigrate: the SQL of one revision, without touching a database."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tests.cli.conftest import Manage, data_of, put_revision


@pytest.mark.parametrize("name", ["9e2d05c8a314", "9e2d", "head"])
def test_the_sql_of_a_revision_is_printed(manage: Manage, lagging_app: Flask, name: str) -> None:
    result = manage(lagging_app, "sqlmigrate", name)
    assert result.exit_code == 0, result.output
    assert "-- 9e2d05c8a314 Add price to products" in result.stdout
    assert "price NUMERIC(10, 2)" in result.stdout
    assert result.stdout.rstrip().endswith(";")


def test_backwards_is_the_downgrade(manage: Manage, app: Flask) -> None:
    statements = data_of(manage(app, "sqlmigrate", "4c1a", "--backwards", "--json"))
    assert any("DROP TABLE posts" in statement["sql"] for statement in statements)


def test_offline_it_is_written_without_a_database(manage: Manage, app: Flask) -> None:
    statements = data_of(manage(app, "sqlmigrate", "4c1a", "--offline", "--json"))
    assert any("CREATE TABLE posts" in statement["sql"] for statement in statements)
    assert not any("pragma" in statement["sql"].lower() for statement in statements)


def test_offline_says_so_where_a_table_would_have_to_be_read(manage: Manage, app: Flask) -> None:
    result = manage(app, "sqlmigrate", "9e2d", "--offline")
    assert result.exit_code == 1
    assert "requires a live database connection" in result.stderr


def test_head_is_ambiguous_where_there_are_two(manage: Manage, app: Flask, tmp_path: Path) -> None:
    source = 'revision = "bbbb"\ndown_revision = "4c1a7f20b9de"\ndef upgrade():\n    pass\n'
    put_revision(app, tmp_path / "copy", "bbbb_other.py", source)
    result = manage(app, "sqlmigrate", "head")
    assert result.exit_code == 1
    assert "The history has 2 heads" in result.stderr
    assert "Name one of them" in result.stderr


def test_an_unknown_revision_is_one_line(manage: Manage, app: Flask) -> None:
    result = manage(app, "sqlmigrate", "ffff")
    assert result.exit_code == 1
    assert result.stderr == "Error: There is no revision 'ffff' in this history.\n"
