"""Differences are lines that a person reads."""

from console.schema.catalogue import Catalogue, Change, Column, Part, Table, View
from console.schema.difference import compare, describe

PRODUCTS = Table(
    "products",
    (Column("id", "INTEGER", False, primary_key=True), Column("name", "VARCHAR(80)", True)),
    (Part("index", "by_name", "(name)"), Part("check", "", "(id > 0)")),
)


def with_table(table):
    return Catalogue((table,))


def changes(before, after):
    (found,) = compare(with_table(before), with_table(after)).tables
    return found.changes


def test_nothing_changed_is_falsy():
    assert not compare(with_table(PRODUCTS), with_table(PRODUCTS))


def test_an_added_column_is_told_in_sql_terms():
    price = Column("price", "NUMERIC(10, 2)", True)
    after = Table("products", (*PRODUCTS.columns, price), PRODUCTS.parts)
    assert changes(PRODUCTS, after) == (
        Change("added", "column", "price", None, "NUMERIC(10, 2), nullable"),
    )


def test_a_removed_column_is_told_as_it_was():
    after = Table("products", PRODUCTS.columns[:1], PRODUCTS.parts)
    assert changes(PRODUCTS, after) == (
        Change("removed", "column", "name", "VARCHAR(80), nullable", None),
    )


def test_a_changed_column_is_told_before_and_after():
    name = Column("name", "VARCHAR(20)", False, default="''")
    assert changes(PRODUCTS, Table("products", (PRODUCTS.columns[0], name), PRODUCTS.parts)) == (
        Change(
            "changed",
            "column",
            "name",
            "VARCHAR(80), nullable",
            "VARCHAR(20), not null, default ''",
        ),
    )


def test_a_column_is_described_whole():
    column = Column("a", "TEXT", False, "'x'", True, ("collate NOCASE",))
    assert describe(column) == "TEXT, not null, default 'x', primary key, collate NOCASE"
    assert describe(Column("a", "", True)) == "no type, nullable"


def test_a_changed_index_is_matched_by_its_name():
    after = Table(
        "products", PRODUCTS.columns, (Part("index", "by_name", "unique (name)"), PRODUCTS.parts[1])
    )
    assert changes(PRODUCTS, after) == (
        Change("changed", "index", "by_name", "(name)", "unique (name)"),
    )


def test_a_check_without_a_name_is_removed_and_added():
    after = Table("products", PRODUCTS.columns, (PRODUCTS.parts[0], Part("check", "", "(id > 1)")))
    assert {(c.sign, c.before, c.after) for c in changes(PRODUCTS, after)} == {
        ("removed", "(id > 0)", None),
        ("added", None, "(id > 1)"),
    }


def test_two_checks_that_say_the_same_are_two():
    one = Table("t", (), (Part("check", "", "(a)"),))
    two = Table("t", (), (Part("check", "", "(a)"), Part("check", "", "(a)")))
    assert len(changes(one, two)) == 1


def test_another_order_of_columns_is_told():
    after = Table("products", tuple(reversed(PRODUCTS.columns)), PRODUCTS.parts)
    assert changes(PRODUCTS, after) == (
        Change("changed", "column order", "products", "id, name", "name, id"),
    )


def test_a_new_table_lists_all_that_it_has():
    (found,) = compare(Catalogue(()), with_table(PRODUCTS)).tables
    assert (found.name, found.sign, found.is_view) == ("products", "added", False)
    assert [change.name for change in found.changes] == ["id", "name", "", "by_name"]
    assert {change.sign for change in found.changes} == {"added"}


def test_a_dropped_table_lists_all_that_it_had():
    (found,) = compare(with_table(PRODUCTS), Catalogue(())).tables
    assert found.sign == "removed"
    assert {change.sign for change in found.changes} == {"removed"}


def test_views_are_compared_by_their_text():
    before = Catalogue((), (View("v", "CREATE VIEW v AS SELECT 1"), View("w", "x")))
    after = Catalogue((), (View("v", "CREATE VIEW v AS SELECT 2"), View("x", "y")))
    found = compare(before, after).tables
    assert [(f.name, f.sign, f.is_view) for f in found] == [
        ("v", "changed", True),
        ("w", "removed", True),
        ("x", "added", True),
    ]


def test_tables_are_told_by_name():
    before = Catalogue((Table("b", ()), Table("a", ())))
    assert [table.name for table in compare(before, Catalogue(())).tables] == ["a", "b"]
