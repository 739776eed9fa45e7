"""Probes ask what is asked, on every database, say it in words, and give up in time."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.schema.inquiry import Inquiry
from console.schema.probe import Kind, Probe, Question
from console.schema.target import Target
from console.schema.wire import decode, encode
from tests.servers import engine_of

SCHEMA = """
CREATE TABLE products (id INTEGER PRIMARY KEY, name VARCHAR(80), weight INTEGER, price NUMERIC(10, 3));
CREATE TABLE reviews (id INTEGER PRIMARY KEY, product_id INTEGER, author VARCHAR(20));
INSERT INTO products VALUES (1, 'Lamp', 700, 9.5), (2, 'Chair', -4200, 10), (3, 'Lamp', NULL, 1.125);
INSERT INTO reviews VALUES (1, 1, 'a'), (2, 7, 'a'), (3, 8, NULL), (4, NULL, 'b');
"""
WRITES = (
    "CREATE FUNCTION noted() RETURNS integer DETERMINISTIC MODIFIES SQL DATA "
    "BEGIN INSERT INTO reviews VALUES (9, 9, 'x'); RETURN 1; END"
)
ORPHANS = Question(
    "orphans", "reviews", ("product_id",), referent="products", remote_columns=("id",)
)
ANSWERS = [
    (Question("rows", "products"), 3, "products has 3 rows"),
    (
        Question("values", "products", ("weight",)),
        2,
        "2 rows of products hold a value in weight",
    ),
    (Question("nulls", "products", ("weight",)), 1, "1 row of products holds NULL in weight"),
    (
        Question("duplicates", "products", ("name",)),
        1,
        "1 value of products.name is shared by several rows",
    ),
    (Question("duplicates", "reviews", ("product_id", "author")), 0, None),
    (ORPHANS, 2, "2 rows of reviews point by product_id to no row of products"),
    (
        Question("violators", "products", condition="weight > 0 AND name <> ':x'"),
        1,
        "1 row of products breaks the condition weight > 0 AND name <> ':x'",
    ),
    (
        Question("longest", "products", ("name",)),
        5,
        "the longest value of products.name has 5 characters",
    ),
    (
        Question("largest", "products", ("weight",)),
        4200,
        "the largest value of products.weight is 4,200",
    ),
    (
        Question("fractions", "products", ("price",), places=1),
        1,
        "1 value of products.price has more than 1 decimal place",
    ),
]


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "mysql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind with three products and four reviews."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'database.db'}"
    else:
        url = request.getfixturevalue(request.param)
    with engine_of(url).connect() as connection:
        for statement in SCHEMA.split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    return url


def target_of(url: str) -> Target:
    """A target on that database; its history does not matter."""
    return Target("default", url, Path("none"), (Path("none"),))


def test_every_question_is_answered_by_a_number_and_a_sentence(url: str) -> None:
    inquiry = Inquiry(target_of(url))
    for question, answer, sentence in ANSWERS:
        probe = inquiry(question)
        assert (probe.answer, probe.problem) == (answer, ""), question
        assert sentence is None or probe.sentence == sentence
        assert abs((datetime.now(UTC) - probe.asked_at).total_seconds()) < 60


def test_a_dot_may_be_part_of_a_name(url: str) -> None:
    with engine_of(url).connect() as connection:
        quoted = connection.dialect.identifier_preparer.quote_identifier
        for table in ("price.list", "other.price.list"):
            connection.exec_driver_sql(f"CREATE TABLE {quoted(table)} (id INTEGER)")
            connection.exec_driver_sql(f"INSERT INTO {quoted(table)} VALUES (1), (NULL)")
    inquiry = Inquiry(target_of(url))
    for table in ("price.list", "other.price.list"):
        assert inquiry(Question("rows", table)).answer == 2
        assert inquiry(Question("nulls", table, ("id",))).answer == 1
        if not url.startswith("sqlite"):
            assert inquiry(Question("size", table)).answer
            assert inquiry(Question("inbound", table)).answer == 0


def test_the_size_is_known_of_servers(url: str) -> None:
    if not url.startswith("sqlite"):
        assert (Inquiry(target_of(url))(Question("size", "products")).answer or 0) >= 8192


def test_the_size_that_mysql_tells_is_that_of_now(mysql: str) -> None:
    with engine_of(mysql).connect() as connection:
        connection.exec_driver_sql("CREATE TABLE wide (id integer PRIMARY KEY, t longtext)")
        sizes = "SELECT table_name, data_length FROM information_schema.tables"
        connection.exec_driver_sql(sizes).all()  # which it would tell for a day from here on
        connection.exec_driver_sql("INSERT INTO wide VALUES (1, repeat('x', 1000000))")
        connection.exec_driver_sql("ANALYZE TABLE wide")
    assert (Inquiry(target_of(mysql))(Question("size", "wide")).answer or 0) > 1_000_000


def test_a_question_that_cannot_be_answered_says_why(url: str) -> None:
    probe = Inquiry(target_of(url))(Question("rows", "nothing"))
    assert probe.answer is None
    assert "nothing" in probe.problem
    assert probe.sentence.startswith("nothing: no answer (")


def test_a_condition_is_no_way_to_smuggle_in_a_statement(url: str) -> None:
    inquiry = Inquiry(target_of(url))
    probe = inquiry(Question("violators", "products", condition="1 = 1); DELETE FROM reviews; --"))
    assert (probe.answer, probe.problem) == (None, "it is no condition")
    assert Inquiry(target_of(url))(Question("rows", "reviews")).answer == 4


def test_a_question_writes_nothing_on_a_server(url: str) -> None:
    if url.startswith("sqlite"):
        return  # where a SELECT cannot write
    writing, asked = "CREATE SEQUENCE numbers", "nextval('numbers') > 0"
    if url.startswith("mysql"):
        writing, asked = WRITES, "noted() > 0"
    with engine_of(url).connect() as connection:
        connection.exec_driver_sql(writing)
    probe = Inquiry(target_of(url))(Question("violators", "products", condition=asked))
    assert probe.answer is None
    assert re.search("read.only", probe.problem, re.IGNORECASE)


def test_a_question_is_asked_once(url: str) -> None:
    inquiry = Inquiry(target_of(url))
    first = inquiry(Question("rows", "products"))
    with engine_of(url).connect() as connection:
        connection.exec_driver_sql("DELETE FROM products")
    assert inquiry(Question("rows", "products")) == first
    assert Inquiry(target_of(url))(Question("rows", "products")).answer == 0


def test_a_question_that_takes_too_long_goes_unanswered(url: str) -> None:
    rows = ", ".join(f"({number}, 'x')" for number in range(4, 1000))
    with engine_of(url).connect() as connection:
        connection.exec_driver_sql(f"INSERT INTO products (id, name) VALUES {rows}")
    four = "products a, products b, products c, products d"
    slow = f"(SELECT max(a.id * b.id + c.id * d.id) FROM {four}) > 0"
    probe = Inquiry(target_of(url), seconds=0.3)(Question("violators", "products", condition=slow))
    assert probe.answer is None
    assert probe.sentence == f"products: no answer ({probe.problem})"
    words = ("interrupted", "timeout", "max_statement_time", "maximum statement execution time")
    assert any(word in probe.problem for word in words)


def test_all_questions_together_have_a_limit(url: str) -> None:
    inquiry = Inquiry(target_of(url), budget=0.0001)
    assert inquiry(Question("rows", "products")).answer == 3
    assert inquiry(Question("rows", "reviews")).problem == "the questions before took too long"


def test_a_database_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    probe = Inquiry(target_of(f"sqlite:///{tmp_path / 'none.db'}"))(Question("rows", "products"))
    assert probe.problem == "there is no database yet"
    assert not (tmp_path / "none.db").exists()


def probe_of(answer: int | None, kind: Kind = "rows") -> Probe:
    """A made-up answer."""
    return Probe(Question(kind, "products"), answer, datetime(2026, 5, 1, 8, 30, tzinfo=UTC))


def test_a_greater_answer_is_worse() -> None:
    assert probe_of(3).worsened(probe_of(4)) == (
        "products has 4 rows, and it was 3 at 2026-05-01 08:30 UTC"
    )
    assert probe_of(3).worsened(probe_of(3)) is None
    assert probe_of(None).worsened(probe_of(3)) is None
    assert probe_of(3).worsened(probe_of(None)) is None


@pytest.mark.parametrize(
    ("then", "now", "is_worse"),
    [((5, 100), (8, 103), False), ((5, 100), (8, 102), True), ((0, 100), (1, 200), True)],
    ids=["as many more rows", "fewer more rows", "none before"],
)
def test_more_rows_of_a_kind_are_worse_than_the_growth_of_their_table(
    then: tuple[int, int], now: tuple[int, int], is_worse: bool
) -> None:
    before, later = (replace(probe_of(number, "values"), rows=rows) for number, rows in (then, now))
    assert bool(before.worsened(later)) == is_worse
    assert before.worsened(replace(later, rows=None)) is not None, "not known, so not passed"


def test_a_value_that_still_fits_is_no_worse() -> None:
    fits = replace(probe_of(70, "longest"), question=Question("longest", "products", most=80))
    assert fits.worsened(replace(fits, answer=80)) is None
    assert fits.worsened(replace(fits, answer=81)) is not None


def test_an_answer_that_grows_with_its_table_comes_with_its_rows(url: str) -> None:
    inquiry = Inquiry(target_of(url))
    assert inquiry(Question("values", "products", ("weight",))).rows == 3
    assert inquiry(ORPHANS).rows == 4
    assert inquiry(Question("duplicates", "products", ("name",))).rows is None


def test_a_probe_travels_as_plain_data() -> None:
    probe = Probe(ORPHANS, 2, datetime(2026, 5, 1, 8, 30, tzinfo=UTC))
    assert decode(Probe, encode(probe)) == probe
