"""Tables that go, or get another name, and those that are none of a migration's business."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hazards.judging import codes, judged, only
from tests.hazards.making import made_up
from tests.hazards.shop import shop
from tests.histories.place import Place
from tests.servers import engine_of


def test_dropping_a_table_by_sql_is_seen_as_well(place: Place) -> None:
    hazards = judged(place, "op.execute('-- gone\\nDROP TABLE IF EXISTS \"reviews\"')")
    assert only(hazards, "drop-table").subject == "reviews"


def test_dropping_an_empty_table_is_a_warning(place: Place) -> None:
    place.run("DELETE FROM reviews;")
    hazard = only(judged(place, "op.drop_table('reviews')"), "drop-table")
    assert (hazard.severity, hazard.danger) == (
        "warning",
        "The table reviews is dropped: it is empty.",
    )


def test_renaming_a_table_breaks_running_code_but_loses_nothing(place: Place) -> None:
    hazards = judged(
        place, "op.rename_table('reviews', 'notes')", "op.rename_table('notes', 'reviews')"
    )
    assert [hazard.code for hazard in hazards] == ["rename-table"]
    assert "3 rows" in hazards[0].danger


def test_every_table_of_a_list_is_seen_whatever_its_schema(place: Place) -> None:
    hazards = judged(place, "op.execute('DROP TABLE main.\"reviews\"')")
    assert only(hazards, "drop-table").subject == "reviews"


def test_each_table_of_one_statement_is_dropped(tmp_path: Path) -> None:
    hazards = made_up(tmp_path, "postgresql", "DROP TABLE IF EXISTS public.products, empty CASCADE")
    dropped = {h.subject: h.severity for h in hazards if h.code == "drop-table"}
    assert dropped == {"products": "error", "empty": "warning"}


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("TRUNCATE products", {"products"}),
        ("TRUNCATE TABLE ONLY public.products RESTART IDENTITY CASCADE", {"products"}),
        ("TRUNCATE empty, products", {"products"}),
        ("TRUNCATE fresh", set()),
    ],
)
def test_truncating_counts_where_there_are_rows(tmp_path: Path, sql: str, tables: set[str]) -> None:
    hazards = made_up(tmp_path, "postgresql", "CREATE TABLE fresh (id INT)", sql)
    assert {h.subject for h in hazards if h.code == "truncate"} == tables


def test_a_view_under_the_old_name_serves_readers_only_on_sqlite(place: Place) -> None:
    up = "op.rename_table('reviews', 'notes')\n" + (
        "op.execute('CREATE VIEW reviews AS SELECT * FROM notes')"
    )
    hazard = only(judged(place, up), "rename-table")
    assert hazard.severity == "warning"
    assert hazard.danger.endswith("; the view under its old name cannot be written to.")


def test_an_application_may_have_tables_that_are_called_like_the_consoles(place: Place) -> None:
    up = """\
op.create_table("console_games", sa.Column("id", sa.Integer, primary_key=True))
op.execute("DELETE FROM console_games WHERE id = 1")
op.drop_table("console_games")"""
    assert "drops-console-tables" not in codes(judged(place, up))


def test_a_name_that_begins_like_the_consoles_is_no_table_of_it(place: Place) -> None:
    up = """\
op.add_column("products", sa.Column("console_model", sa.Text))
op.execute("UPDATE products SET console_model = 'from console_account' WHERE console_model = ''")
op.create_index("ix_console_model", "products", ["console_model"])"""
    assert "drops-console-tables" not in codes(judged(place, up))


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO console_account (id) VALUES (1)",
        "DELETE FROM public.console_account WHERE id = 1",
        "CREATE INDEX ix ON console_account (id)",
        "ALTER TABLE console_account ADD COLUMN a INT",
        "ALTER TABLE products RENAME TO console_account",
        "INSERT INTO products SELECT * FROM console_account",
    ],
)
def test_every_way_to_touch_a_table_of_the_console_is_seen(tmp_path: Path, sql: str) -> None:
    hazards = made_up(tmp_path, "postgresql", sql)
    assert only(hazards, "drops-console-tables").subject == "console_account"


@pytest.mark.parametrize("server", ["sqlite", "postgresql", "mariadb", "mysql"])
def test_a_dot_in_the_name_of_a_table_is_no_schema(
    tmp_path: Path, request: pytest.FixtureRequest, place: Place, server: str
) -> None:
    if server != "sqlite":
        place = shop(tmp_path / "shop", request.getfixturevalue(server))
    with engine_of(place.target.url).connect() as connection:
        quote = connection.dialect.identifier_preparer.initial_quote
        name = f"{quote}old.stock{quote}"
        connection.exec_driver_sql(f"CREATE TABLE {name} (id INTEGER, weight INTEGER)")
        connection.exec_driver_sql(f"INSERT INTO {name} VALUES (1, 7), (2, 8)")
    up = f"op.execute('DELETE FROM {name}')\nop.drop_table('old.stock')"
    hazards = judged(place, up, "raise NotImplementedError")
    drop, delete = only(hazards, "drop-table"), only(hazards, "dml-without-where")
    assert drop.danger == 'The table "old.stock" is dropped: 2 rows lost.'
    assert drop.rewrite.startswith('op.rename_table("old.stock", "old.stock_retired")')
    assert delete.danger == 'DELETE without WHERE removes all 2 rows of "old.stock".'
    assert f"DELETE FROM {name} WHERE …" in delete.rewrite
