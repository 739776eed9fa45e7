"""Of a database that is too large, a clone holds the whole schema and a sample, and says so."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from console.schema import sample
from console.schema.catalogue import read_catalogue
from console.schema.clone import clone_of
from console.schema.executor import apply
from console.schema.plan import make_plan
from console.schema.rehearsal import Rehearsal, rehearse
from console.schema.wire import decode, encode
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.servers import engine_of

MORE = Sample(
    "bbbb1",
    ("aaaa1",),
    message="Drop the weights",
    up='op.drop_column("products", "weight")',
    down='op.add_column("products", sa.Column("weight", sa.Integer))',
)
TREE = (
    "CREATE TABLE tree (id integer PRIMARY KEY, name varchar(20), up integer, "
    "FOREIGN KEY (up) REFERENCES tree (id))"
)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "mysql"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Place | Served:
    """Twenty products, reviews of the first and the eleventh, and a tree; above the limit."""
    monkeypatch.setattr(sample, "ROWS", 4)
    samples = [PRODUCTS, MORE]
    made = (
        Place(tmp_path, samples, at="aaaa1")
        if request.param == "sqlite"
        else Served(tmp_path, request.getfixturevalue(request.param), samples, at="aaaa1")
    )
    products = ", ".join(f"({n}, 'Product {n}%', {n})" for n in range(4, 21))
    reviews = ", ".join(f"({n}, {1 if n % 2 else 11}, NULL)" for n in range(4, 31))
    branches = ", ".join(f"({n}, 'b{n}', {max(n - 3, 1)})" for n in range(1, 21))
    made.run(f"INSERT INTO products (id, name, weight) VALUES {products}")
    made.run(f"INSERT INTO reviews (id, product_id, text) VALUES {reviews}")
    made.run(TREE)
    made.run(f"INSERT INTO tree VALUES {branches}")
    knows_all = request.param in ("sqlite", "postgresql")
    made.run("ANALYZE" if knows_all else "ANALYZE TABLE products, reviews, tree")
    made.target = replace(made.target, rehearsal_limit=0)
    return made


def rows_of(url: str, sql: str) -> list[object]:
    """The first column of some rows."""
    with engine_of(url).connect() as connection:
        return list(connection.exec_driver_sql(sql).scalars())


def test_a_sample_has_both_ends_of_each_table_and_all_that_they_point_to(
    place: Place | Served,
) -> None:
    with clone_of(place.target, place.workspace) as clone:
        url = clone.target.url
        assert rows_of(url, "SELECT id FROM products ORDER BY id") == [1, 2, 11, 19, 20]
        assert rows_of(url, "SELECT id FROM reviews ORDER BY id") == [1, 2, 29, 30]
        # 20 and 19 hang below 17 and 16, and these below others, down to the root
        assert rows_of(url, "SELECT id FROM tree ORDER BY id") == [
            1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 20,
        ]  # fmt: skip
        assert rows_of(url, "SELECT name FROM products WHERE id = 11") == ["Product 11%"]
        assert rows_of(url, "SELECT version_num FROM alembic_version") == ["aaaa1"]
        assert clone.sample is not None
        assert clone.sample.rows == 5 + 4 + 14 + 1
        assert "copy of a sample of 24 of about 71 rows out of " in clone.how


def test_every_verdict_says_that_it_is_of_a_sample(place: Place | Served) -> None:
    plan = make_plan(place.target, "head")
    rehearsal = rehearse(place.target, plan, workspace=place.workspace)
    assert rehearsal.error is None
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.is_sample
    assert rehearsal.ledger.verdict == (
        "Judged by a sample of 24 of about 71 rows: data is lost: products: 5 rows before, 5 after, column "
        "weight removed, 5 values lost, every other value identical."
    )
    assert rehearsal.way_back is not None
    assert rehearsal.way_back.ledger is not None
    assert rehearsal.way_back.ledger.verdict.startswith("Judged by a sample of 24 of about 71 ")
    assert rehearsal.sample is not None
    assert "not all of the data" in rehearsal.sample.sentence
    assert decode(Rehearsal, encode(rehearsal)) == rehearsal


def test_what_a_sample_has_lost_may_be_lost_in_any_number_and_nothing_else(
    place: Place | Served,
) -> None:
    plan = make_plan(place.target, "head")
    expected = rehearse(place.target, plan, workspace=place.workspace).ledger
    outcome = apply(place.target, plan, expected=expected)
    (entry,) = [each for each in outcome.ledger.entries if each.table == "products"]
    assert "19 values lost" in entry.sentence
    assert not outcome.ledger.is_sample


def test_how_many_there_are_is_not_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    target = replace(place.target, rehearsal_limit=0)
    with clone_of(target, place.workspace) as clone:
        assert "copy of all 7 rows out of" in clone.how, "tables that small are counted"
    monkeypatch.setattr(sample, "ROWS", 2)
    with clone_of(target, place.workspace) as clone:
        assert "a sample of 6 of 7 rows out of" in clone.how, "and those without an estimate"
    monkeypatch.setattr(sample, "COUNTED", 2)
    with clone_of(target, place.workspace) as clone:
        assert "a sample of 6 rows out of" in clone.how
    place.run("ANALYZE")
    with clone_of(target, place.workspace) as clone:
        assert "a sample of 6 of about 7 rows out of" in clone.how
    place.run("INSERT INTO products (id, name) VALUES (9, 'Desk')")
    place.run("UPDATE sqlite_stat1 SET stat = '1'")
    with clone_of(target, place.workspace) as clone:
        assert "a sample of 6 rows out of" in clone.how, "what is out of date is not said"


def test_a_sample_of_all_rows_says_so_and_judges_as_a_copy(
    place: Place | Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "ROWS", 1000)
    rehearsal = place.rehearse()
    assert rehearsal.sample is not None
    assert rehearsal.sample.sentence.startswith(
        "This is all of the data, all 71 rows, copied row by row"
    )
    assert rehearsal.ledger is not None
    assert not rehearsal.ledger.is_sample
    assert rehearsal.ledger.verdict.startswith("Data is lost: products: 20 rows before")


def test_a_sample_names_the_tables_that_it_holds_a_part_of(place: Place | Served) -> None:
    with clone_of(place.target, place.workspace) as clone:
        assert clone.sample is not None
        assert clone.sample.sentence.endswith(
            "Of products, reviews, tree it holds a part, of other tables every row."
        )


def test_what_a_sample_does_not_hold_at_all_keeps_it_from_being_whole(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    place.run("CREATE VIRTUAL TABLE words USING fts5(word); INSERT INTO words VALUES ('lamp');")
    with clone_of(replace(place.target, rehearsal_limit=0), place.workspace) as clone:
        assert clone.sample is not None
        assert not clone.sample.is_whole
        assert clone.sample.partial == ("words",)
        assert clone.sample.words == "a sample of 7 of 8 rows"
    place.run("DELETE FROM words")
    with clone_of(replace(place.target, rehearsal_limit=0), place.workspace) as clone:
        assert clone.sample is not None
        assert clone.sample.is_whole, "of an empty one nothing is missing"


def test_of_what_cannot_be_read_it_is_not_said_how_many_rows_there_are(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    place.run("CREATE VIRTUAL TABLE words USING fts5(word, content='gone')")
    with clone_of(replace(place.target, rehearsal_limit=0), place.workspace) as clone:
        assert clone.sample is not None
        assert clone.sample.partial == ("words",)
        assert clone.sample.words == "a sample of 7 rows"


def test_what_lies_in_the_log_beside_the_file_counts_to_the_size(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    with closing(sqlite3.connect(place.file, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("UPDATE reviews SET text = hex(randomblob(300000))")
        size = place.file.stat().st_size
        assert size < 100_000, "all of it is in the log"
        with clone_of(replace(place.target, rehearsal_limit=100_000), place.workspace) as clone:
            assert clone.sample is not None
            assert clone.sample.size > 3 * 300_000
        for _ in range(3):
            writer.execute("UPDATE reviews SET text = 'short'")
            writer.execute("VACUUM")
        with clone_of(replace(place.target, rehearsal_limit=100_000), place.workspace) as clone:
            assert clone.sample is None, "a long log of little is no large database"


def test_partitions_are_estimated_together(tmp_path: Path, postgresql: str) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS], at="aaaa1")
    place.run("CREATE TABLE parts (id int) PARTITION BY RANGE (id)")
    for low in (0, 10_000, 20_000):
        place.run(
            f"CREATE TABLE p{low} PARTITION OF parts FOR VALUES FROM ({low}) TO ({low + 10_000})"
        )
    place.run("INSERT INTO parts SELECT generate_series(0, 14999)")
    place.run("ANALYZE parts")
    with clone_of(replace(place.target, rehearsal_limit=0), place.workspace) as clone:
        assert "of about 15,007 rows out of" in clone.how


def test_below_the_limit_everything_is_copied(place: Place | Served) -> None:
    whole = replace(place.target, rehearsal_limit=10**12)
    with clone_of(whole, place.workspace) as clone:
        assert clone.sample is None
        assert len(rows_of(clone.target.url, "SELECT id FROM reviews")) == 30


def test_a_sample_of_mysql_has_the_values_of_columns_with_expressions(
    mysql: str, tmp_path: Path
) -> None:
    place = Served(tmp_path, mysql, [PRODUCTS], at="aaaa1")
    place.run(
        "ALTER TABLE products ADD made timestamp DEFAULT CURRENT_TIMESTAMP, "
        "ADD word varchar(40) DEFAULT (concat(1, 2)), ADD twice integer AS (weight * 2) STORED;\n"
        "UPDATE products SET made = '2001-02-03 04:05:06', word = 'mine'"
    )
    rows = "SELECT id, made, word, twice FROM products ORDER BY id"
    with clone_of(replace(place.target, rehearsal_limit=0), place.workspace) as clone:
        assert clone.how.startswith("MySQL copy of all 7 rows")
        assert Served(tmp_path / "copy", clone.target.url).ask(rows) == place.ask(rows)


def test_the_schema_of_a_sample_is_that_of_the_source(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    place.run(
        "CREATE INDEX ix ON products (lower(name)); CREATE VIEW v AS SELECT * FROM products;"
        "CREATE TABLE log (id INTEGER PRIMARY KEY AUTOINCREMENT, twice AS (id * 2), d BLOB);"
        "CREATE TABLE keyless (a, b); INSERT INTO keyless VALUES (1, NULL), (1, NULL);"
        "INSERT INTO log (id, d) VALUES (7, x'00ff'); DELETE FROM log; INSERT INTO log (d) VALUES (1.5);"
        "CREATE VIRTUAL TABLE words USING fts5(word); INSERT INTO words VALUES ('lamp');"
        "CREATE TRIGGER t AFTER INSERT ON products BEGIN INSERT INTO log (d) VALUES ('fired'); END;"
        "PRAGMA user_version = 5;"
    )
    target = replace(place.target, rehearsal_limit=0)
    engines = create_engine(place.target.url)
    with clone_of(target, place.workspace) as clone:
        copy = create_engine(clone.target.url)
        with engines.connect() as one, copy.connect() as other:
            assert read_catalogue(one) == read_catalogue(other)
        copy.dispose()
        with closing(sqlite3.connect(copy.url.database)) as connection:  # type: ignore[arg-type]
            assert connection.execute("SELECT id, twice, d FROM log").fetchall() == [(8, 16, 1.5)]
            assert len(connection.execute("SELECT * FROM keyless").fetchall()) == 2
            assert connection.execute("PRAGMA user_version").fetchone() == (5,)
            assert connection.execute("SELECT count(*) FROM words").fetchone() == (0,)
            connection.execute("INSERT INTO log (d) VALUES (2)")
            assert connection.execute("SELECT max(id) FROM log").fetchone() == (9,)
    engines.dispose()
