"""The ledger says what became of every row and value, and never claims more than it knows."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.pool import StaticPool

from console.schema.count import KeysByTable, count
from console.schema.excess import excess
from console.schema.ledger import ColumnCount, Count, Ledger, TableCount
from console.schema.survival import compare

NAMES = st.sampled_from(["id", "name", "price", "weight", "colour"])
CHECKSUMS = st.sampled_from(["aa", "bb", "cc", "dd", "ee"])


@st.composite
def tables(draw: st.DrawFn) -> TableCount:
    """A table with as many values in each column as it has rows, or fewer."""
    rows = draw(st.integers(0, 9))
    names = draw(st.lists(NAMES, max_size=4, unique=True))
    columns = [ColumnCount(name, draw(st.integers(0, rows)), draw(CHECKSUMS)) for name in names]
    name = draw(st.sampled_from(["products", "users", "posts", "notes"]))
    return TableCount(name, rows, tuple(columns))


OBJECTS = st.lists(
    st.sampled_from([("view", "v"), ("trigger", "t"), ("index", "i")]), unique=True
).map(tuple)
COUNTS = st.builds(
    Count, st.lists(tables(), max_size=4, unique_by=lambda table: table.name).map(tuple), OBJECTS
)


@pytest.fixture
def connection() -> Iterator[Connection]:
    """An SQLite database in memory with three products."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as connection:
        raw(connection).executescript(
            "CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, price NUMERIC);"
            "INSERT INTO products VALUES (1, 'Lamp', 9.5), (2, 'Chair', 40), (3, 'Rug', NULL);"
        )
        yield connection
    engine.dispose()


def raw(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection."""
    found: Any = connection.connection.dbapi_connection
    return found


def after(connection: Connection, script: str) -> Ledger:
    """The ledger of what a script does."""
    keys: KeysByTable = {}
    before = count(connection, keys=keys)
    raw(connection).executescript(script)
    return compare(before, count(connection, earlier=keys))


@given(COUNTS)
def test_nothing_happened_is_clean(before: Count) -> None:
    ledger = compare(before, before)
    assert ledger.is_clean
    assert not ledger.losses
    assert {entry.verdict for entry in ledger.entries} <= {"identical"}


@given(COUNTS, COUNTS)
def test_every_table_is_accounted_for_once(before: Count, now: Count) -> None:
    ledger = compare(before, now)
    old = [entry.table for entry in ledger.entries if entry.rows_before is not None]
    assert sorted(old) == sorted(table.name for table in before.tables)
    new = [e.renamed_to or e.table for e in ledger.entries if e.rows_after is not None]
    assert sorted(new) == sorted(table.name for table in now.tables)


@given(COUNTS, COUNTS)
def test_every_earlier_column_is_accounted_for_once(before: Count, now: Count) -> None:
    entries = {entry.table: entry for entry in compare(before, now).entries}
    for table in before.tables:
        found = [c.name for c in entries[table.name].columns if c.verdict != "added"]
        assert found == [column.name for column in table.columns]


@given(COUNTS, COUNTS)
def test_fewer_rows_are_never_called_identical(before: Count, now: Count) -> None:
    for entry in compare(before, now).entries:
        if entry.rows_before and (entry.rows_after or 0) < entry.rows_before:
            assert entry.verdict == "lost"
            assert entry.rows_lost >= entry.rows_before - (entry.rows_after or 0)


@given(COUNTS, COUNTS)
def test_clean_means_that_nothing_is_lost_or_changed(before: Count, now: Count) -> None:
    ledger = compare(before, now)
    bad = any(entry.verdict in ("lost", "changed") for entry in ledger.entries)
    assert ledger.is_clean == (not bad and not ledger.losses)
    assert (ledger.verdict.startswith("Data is lost")) == bool(ledger.losses)


@given(COUNTS, COUNTS)
def test_a_ledger_never_exceeds_itself(before: Count, now: Count) -> None:
    ledger = compare(before, now)
    assert excess(ledger, ledger) == ()


@given(COUNTS, COUNTS)
def test_whatever_is_lost_exceeds_a_clean_ledger(before: Count, now: Count) -> None:
    ledger = compare(before, now)
    clean = compare(before, before)
    lost = [e for e in ledger.entries if e.verdict in ("lost", "changed")]
    assert bool(excess(ledger, clean)) == bool(lost or ledger.objects_lost)


VALUES = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.text(max_size=5), st.binary(max_size=5),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
ROWS = st.lists(st.tuples(VALUES, VALUES), max_size=6)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[Any, Any]], chance: Any) -> None:
    numbered = list(enumerate(rows))
    shuffled = numbered[:]
    chance.shuffle(shuffled)
    assert counted(numbered) == counted(shuffled)


@given(ROWS.filter(bool), st.data())
def test_a_change_of_one_cell_is_seen(rows: list[tuple[Any, Any]], data: st.DataObject) -> None:
    numbered = list(enumerate(rows))
    position = data.draw(st.integers(0, len(rows) - 1))
    value = data.draw(VALUES.filter(lambda new: not is_same(new, rows[position][0])))
    changed = numbered[:]
    changed[position] = (position, (value, rows[position][1]))
    before, now = counted(numbered), counted(changed)
    (entry,) = compare(before, now).entries
    assert {column.name: column.verdict for column in entry.columns} == {
        "id": "identical",
        "a": "changed",
        "b": "identical",
    }


def counted(rows: list[tuple[int, tuple[Any, Any]]], key: str = "id INTEGER PRIMARY KEY") -> Count:
    """Count rows of (id, (a, b)) in a table of SQLite."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as connection:
        raw(connection).execute(f"CREATE TABLE t ({key}, a, b)")
        raw(connection).executemany(
            "INSERT INTO t VALUES (?, ?, ?)", [(number, *values) for number, values in rows]
        )
        result = count(connection)
    engine.dispose()
    return result


def test_a_new_column_leaves_the_others_identical(connection: Connection) -> None:
    ledger = after(connection, "ALTER TABLE products ADD COLUMN size TEXT DEFAULT 'M'")
    (entry,) = ledger.entries
    assert entry.sentence == "products: 3 rows before, 3 after, every earlier value identical"
    assert [c.name for c in entry.columns if c.verdict == "added"] == ["size"]


def test_a_dropped_column_is_told_with_its_values(connection: Connection) -> None:
    ledger = after(connection, "ALTER TABLE products DROP COLUMN price")
    assert ledger.losses == (
        "products: 3 rows before, 3 after, column price removed, 2 values lost, "
        "every other value identical",
    )


def test_a_renamed_column_is_recognised(connection: Connection) -> None:
    ledger = after(connection, "ALTER TABLE products RENAME COLUMN name TO title")
    assert ledger.is_clean
    assert ledger.entries[0].sentence == (
        "products: 3 rows before, 3 after, column name renamed to title, "
        "every earlier value identical"
    )


def test_a_renamed_table_is_recognised(connection: Connection) -> None:
    ledger = after(connection, "ALTER TABLE products RENAME TO goods")
    assert ledger.is_clean
    (entry,) = ledger.entries
    assert entry.sentence == (
        "products: renamed to goods, 3 rows before, 3 after, every earlier value identical"
    )


def test_a_removed_table_is_told_with_its_rows(connection: Connection) -> None:
    ledger = after(connection, "DROP TABLE products")
    assert ledger.losses == ("products: table removed, 3 rows lost",)
    assert ledger.verdict == "Data is lost: products: table removed, 3 rows lost."


def test_removed_rows_are_told(connection: Connection) -> None:
    ledger = after(connection, "DELETE FROM products WHERE id = 2")
    assert ledger.losses == ("products: 3 rows before, 2 after, 1 row lost",)


def test_replaced_rows_are_not_taken_for_the_earlier_ones(connection: Connection) -> None:
    script = "DELETE FROM products WHERE id = 2; INSERT INTO products VALUES (7, 'Desk', 1)"
    assert after(connection, script).losses == ("products: 3 rows before, 3 after, 1 row lost",)
    more = after(
        connection, "DELETE FROM products WHERE id = 1; INSERT INTO products (id) VALUES (8), (9)"
    )
    assert more.losses == ("products: 3 rows before, 4 after, 1 row lost",)


def test_new_keys_and_other_rows_cannot_be_told_apart(connection: Connection) -> None:
    ledger = after(connection, "UPDATE products SET id = id + 10")
    assert ledger.entries[0].sentence.endswith(
        ": 3 rows were replaced by others, or given other keys"
    )


def test_a_changed_value_is_told_with_its_column(connection: Connection) -> None:
    ledger = after(connection, "UPDATE products SET price = 9.49 WHERE id = 1")
    assert ledger.entries[0].sentence == "products: 3 rows before, 3 after, values changed in price"
    assert not ledger.losses
    assert not ledger.is_clean


def test_a_new_table_is_told_with_its_rows(connection: Connection) -> None:
    ledger = after(connection, "CREATE TABLE notes (text); INSERT INTO notes VALUES ('a'), ('a')")
    assert ledger.entries[0].sentence == "notes: new table, 2 rows"
    assert ledger.is_clean


def test_a_table_without_a_primary_key_is_held_together_by_its_values(
    connection: Connection,
) -> None:
    raw(connection).executescript("CREATE TABLE log (text); INSERT INTO log VALUES ('a'), ('b')")
    assert after(connection, "DELETE FROM log; INSERT INTO log VALUES ('b'), ('a')").is_clean
    assert not after(connection, "UPDATE log SET text = 'c' WHERE text = 'a'").is_clean


def test_the_console_and_the_excluded_tables_are_not_counted(connection: Connection) -> None:
    raw(connection).executescript("CREATE TABLE console_run (id); CREATE TABLE alembic_version (v)")
    tables = count(connection, exclude={"alembic_version"}).tables
    assert [table.name for table in tables] == ["products"]


def test_text_that_is_no_unicode_is_counted_too(connection: Connection) -> None:
    raw(connection).execute("UPDATE products SET name = CAST(x'ff00fe' AS TEXT) WHERE id = 1")
    assert not after(connection, "UPDATE products SET name = 'x' WHERE id = 1").is_clean


@pytest.mark.parametrize("text", ["ff00fe", "ed8080", "c3"])
def test_text_that_is_no_unicode_leaves_all_other_values_identical(
    connection: Connection, text: str
) -> None:
    more = f"INSERT INTO products (name, price) VALUES (CAST(x'{text}' AS TEXT), 1)"
    assert after(connection, more).is_clean
    one = (
        f"UPDATE products SET name = CAST(x'{text}00' AS TEXT) WHERE name = CAST(x'{text}' AS TEXT)"
    )
    sentence = after(connection, one).entries[0].sentence
    assert sentence == "products: 4 rows before, 4 after, values changed in name"
    assert not after(connection, f"UPDATE products SET name = x'{text}00' WHERE id = 4").is_clean


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same to SQLite: 1 is 1.0, but not '1'."""
    return one == other and isinstance(one, (str, bytes)) == isinstance(other, (str, bytes))


@pytest.mark.parametrize("key", ["id INTEGER PRIMARY KEY", "id INTEGER"])
def test_equal_numbers_are_equal_in_every_type(key: str) -> None:
    def checksum(value: Any) -> str:
        return counted([(1, (value, None))], key).tables[0].columns[1].checksum

    assert checksum(1) == checksum(1.0)
    assert checksum(2**53 + 1) != checksum(float(2**53 + 1))
    for unlike in [
        (-1, -2),
        ("1", 1),
        ("", 0),
        ("a", b"a"),
        ("\0a", b"a"),
        ("", b""),
        ("", None),
        (0, None),
        (0.5, 2**60),
    ]:
        assert checksum(unlike[0]) != checksum(unlike[1])


@pytest.mark.parametrize(("one", "other"), [(None, 0), (None, ""), ("a", "b"), (1, 2)])
def test_values_that_change_places_are_seen(one: Any, other: Any) -> None:
    rows = [(1, (one, 0)), (2, (other, 0))]
    swapped = [(1, (other, 0)), (2, (one, 0))]
    assert not compare(counted(rows), counted(swapped)).is_clean


def test_a_key_that_changes_its_collation_keeps_its_rows(connection: Connection) -> None:
    raw(connection).executescript(
        "CREATE TABLE words (word TEXT COLLATE NOCASE PRIMARY KEY, n);"
        "INSERT INTO words VALUES ('b', 1), ('A', 2), ('C', 3)"
    )
    ledger = after(
        connection,
        "CREATE TABLE other (word TEXT PRIMARY KEY, n); INSERT INTO other SELECT * FROM words;"
        "DROP TABLE words; ALTER TABLE other RENAME TO words",
    )
    assert ledger.is_clean


def test_new_rows_between_the_earlier_ones_leave_them_identical(connection: Connection) -> None:
    raw(connection).executescript(
        "CREATE TABLE pairs (a TEXT, b TEXT, n, PRIMARY KEY (a, b));"
        "INSERT INTO pairs VALUES ('a', 'x', 1), ('a', 'z', 2), ('c', 'x', NULL);"
    )
    more = "INSERT INTO pairs VALUES ('a', 'y', 7), ('b', 'b', NULL)"
    ledger = after(connection, more)
    assert ledger.is_clean
    assert ledger.entries[0].sentence == (
        "pairs: 3 rows before, 5 after, every earlier value identical"
    )


def test_children_agree_on_checksums(tmp_path: Path) -> None:
    from tests.histories.place import PRICE, PRODUCTS, Place

    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    assert place.rehearse().counts == place.rehearse().counts
