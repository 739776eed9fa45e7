"""A name that no column has is told, though SQLite takes it for text."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from console.schema.sqlite_strings import taken_for_text

ITEMS = sa.table("items", sa.column("id"), sa.column("Odd name"), sa.column("order"))


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ((ITEMS.c.id, ITEMS.c["Odd name"], ITEMS.c.order), None),
        ((sa.column("order"), sa.column("Odd name")), None),
        ((sa.column("group"),), "group"),
        ((sa.column('a "b"'),), 'a "b"'),
        ((sa.func.lower(sa.literal_column('"gone"')),), "gone"),
        ((sa.literal_column("'gone'").label("gone now"),), None),
        ((sa.literal_column("'Gone'").label("Gone"),), None),
        ((ITEMS.c.id.in_([1, 2]), sa.literal("x").label("Other")), None),
        ((sa.select(sa.column("Gone")).limit(1).scalar_subquery(),), "Gone"),
    ],
)
def test_exactly_the_names_that_no_column_has_are_told(
    tmp_path: Path, columns: tuple[sa.ColumnElement[object], ...], name: str | None
) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'some.db'}")
    with engine.connect() as connection:
        connection.exec_driver_sql('CREATE TABLE items (id, "Odd name", "order")')
        statement = sa.select(*columns).select_from(ITEMS).limit(0)
        connection.execute(statement).close()  # says nothing
        assert taken_for_text(connection, statement) == name
    engine.dispose()
