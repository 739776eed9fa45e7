"""The SQL of a revision is captured where no data of anybody's is."""

from pathlib import Path

import pytest

from console.schema.capture import as_written
from console.schema.errors import MigrationFailed, UnknownRevision
from console.schema.statement import compile_statements
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import Sample


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A history of two revisions; there is no database."""
    return Place(tmp_path, [PRODUCTS, PRICE])


def test_the_sql_of_an_upgrade(place: Place) -> None:
    first, *others = compile_statements(place.target, "bbbb1")
    assert "price NUMERIC(10, 2)" in first.sql
    assert others[-1].sql.startswith("UPDATE alembic_version SET version_num='bbbb1'")
    assert not place.file.exists()


def test_the_sql_of_a_downgrade_by_a_partial_name(place: Place) -> None:
    statements = [s.sql for s in compile_statements(place.target, "aaa", "down")]
    assert [sql.strip() for sql in statements[:2]] == ["DROP TABLE reviews", "DROP TABLE products"]


def test_a_revision_that_nobody_knows(place: Place) -> None:
    with pytest.raises(UnknownRevision):
        compile_statements(place.target, "zzz")


def test_a_revision_that_needs_rows_is_said_to_fail(place: Place) -> None:
    place.write(
        Sample("cccc1", ("bbbb1",), up="assert op.get_bind().scalar(sa.text('SELECT 1 WHERE 0'))")
    )
    with pytest.raises(MigrationFailed, match="AssertionError"):
        compile_statements(place.target, "cccc1")


def test_repeated_statements_are_summed_up(place: Place) -> None:
    up = (
        "for i in range(500):\n"
        "    op.get_bind().execute(sa.text('INSERT INTO products (name) VALUES (:n)'), {'n': str(i)})"
    )
    place.write(Sample("cccc1", ("bbbb1",), up=up))
    inserted, _ = compile_statements(place.target, "cccc1")
    assert (inserted.many, inserted.rows, inserted.parameters) == (True, 500, "('0',)")


def test_of_many_values_some_are_shown_and_the_others_counted(place: Place) -> None:
    up = (
        "rows = [{'n': str(i)} for i in range(1007)]\n"
        "op.get_bind().execute(sa.text('INSERT INTO products (name) VALUES (:n)'), rows)"
    )
    place.write(Sample("cccc1", ("bbbb1",), up=up))
    inserted, _ = compile_statements(place.target, "cccc1")
    assert inserted.parameters.endswith("('4',)] and 1,002 more")


@pytest.mark.parametrize(
    ("paramstyle", "sql", "written"),
    [
        ("pyformat", "SELECT 5 %% 2, '%%I', %(a)s", "SELECT 5 % 2, '%I', %(a)s"),
        ("format", "SELECT '5%%', %s", "SELECT '5%', %s"),
        ("qmark", "SELECT '%%', ?", "SELECT '%%', ?"),
    ],
)
def test_a_sign_that_the_driver_gets_twice_is_written_once(
    paramstyle: str, sql: str, written: str
) -> None:
    assert as_written(paramstyle, sql) == written
