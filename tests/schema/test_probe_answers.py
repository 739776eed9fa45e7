"""What probes answer to hand-made rows under awkward names, on every database."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

import pytest

from console.schema.inquiry import Inquiry
from console.schema.probe import Probe, Question
from console.schema.target import Target
from tests.servers import engine_of

TABLES = """
CREATE TABLE "Order" ("select" INTEGER, "Größe" VARCHAR(40), "it's" INTEGER, "a.b" INTEGER);
INSERT INTO "Order" VALUES (1, 'grün', 1, 1), (1, 'GRÜN', 2, NULL), (NULL, 'x', NULL, 3), (NULL, NULL, NULL, 3);
CREATE TABLE makers (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b));
INSERT INTO makers VALUES (1, 1), (2, 2);
CREATE TABLE parts (
    id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, part_of INTEGER, size DOUBLE PRECISION, word VARCHAR(20),
    FOREIGN KEY (a, b) REFERENCES makers (a, b), FOREIGN KEY (part_of) REFERENCES parts (id)
);
INSERT INTO parts VALUES (1, 1, 1, NULL, 1.5, 'ü'), (2, 2, 2, 1, 2, ';üü'), (3, 1, NULL, NULL, 32766.6, 'a');
CREATE TABLE loose (a INTEGER, b INTEGER, up INTEGER, id INTEGER);
INSERT INTO loose VALUES (1, 1, 1, 1), (1, 9, 7, 2), (1, NULL, NULL, 3), (NULL, NULL, 2, 4);
"""
BOTH = ("a", "b")
ANSWERS = {
    Question("rows", "Order"): 4,
    Question("values", "Order", ("Größe",)): 3,
    Question("nulls", "Order", ("it's",)): 2,
    Question("nulls", "Order", ("a.b", "Größe")): 2,
    Question("longest", "Order", ("Größe",)): 4,  # characters, though they take more bytes
    Question("bytes", "Order", ("Größe",)): 5,
    Question("duplicates", "Order", ("select",)): 1,  # NULL is like no other
    Question("duplicates", "Order", ("select",), counts_null=True): 2,
    Question("duplicates", "Order", ("a.b",), condition='"select" = 1'): 0,
    Question("duplicates", "Order", ("a.b",)): 1,
    Question("orphans", "loose", BOTH, "makers", BOTH): 1,
    Question("orphans", "loose", BOTH, "makers", BOTH, is_full=True): 2,
    Question("orphans", "loose", ("up",), "loose", ("id",)): 1,
    Question("violators", "parts", condition="word LIKE '%ü%'"): 1,
    Question("violators", "parts", condition="word <> ';üü'"): 1,
    Question("fractions", "parts", ("size",)): 2,
    Question("largest", "parts", ("size",)): 32767,  # what it is rounded to has to fit as well
    Question("inbound", "makers"): 1,
    Question("inbound", "parts"): 0,  # a table's own keys go with it
    Question("inbound", "Order"): 0,
}


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "mysql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind with these tables."""
    is_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'one.db'}" if is_file else request.getfixturevalue(request.param)
    run(url, *TABLES.split(";\n"))
    return str(url)


def run(url: str, *statements: str) -> None:
    """Execute statements with the quotes of that database."""
    with engine_of(url).connect() as connection:
        quote = connection.dialect.identifier_preparer.initial_quote
        for statement in statements:
            if statement.strip():
                connection.exec_driver_sql(quoted(statement, quote))


def quoted(sql: str, quote: str) -> str:
    return sql.replace('"', quote)


def asked(url: str, question: Question) -> Probe:
    """The answer of a database to one question."""
    return Inquiry(Target("default", url, Path("none"), ()))(question)


def test_answers_are_right_whatever_the_names_are(url: str) -> None:
    quote = "`" if url.startswith("mysql") else '"'
    for question, answer in ANSWERS.items():
        put = Question(**{**vars(question), "condition": quoted(question.condition, quote)})
        probe = asked(url, put)
        assert (probe.answer, probe.problem) == (answer, ""), put


def test_values_are_alike_where_the_collation_says_so(url: str) -> None:
    alike = 1 if url.startswith("mysql") else 0
    assert asked(url, Question("duplicates", "Order", ("Größe",))).answer == alike


def test_a_schema_that_is_not_the_current_one_is_asked(url: str) -> None:
    if url.startswith("sqlite"):
        return  # which has none
    name = f"My_{secrets.token_hex(4)}"
    database = "DATABASE" if url.startswith("mysql") else "SCHEMA"
    run(url, f'CREATE {database} "{name}"')
    try:
        run(
            url,
            f'CREATE TABLE "{name}"."Order" (id INTEGER PRIMARY KEY, word VARCHAR(9))',
            f"INSERT INTO \"{name}\".\"Order\" VALUES (1, 'a'), (2, 'a'), (3, NULL)",
        )
        table = f"{name}.Order"
        assert asked(url, Question("rows", table)).answer == 3
        assert asked(url, Question("duplicates", table, ("word",))).answer == 1
        assert (asked(url, Question("size", table)).answer or 0) >= 8192
        assert asked(url, Question("inbound", table)).answer == 0
    finally:
        run(url, f'DROP {database} "{name}"{"" if database == "DATABASE" else " CASCADE"}')


def test_the_size_of_a_table_is_that_of_its_partitions_too(postgresql: str) -> None:
    run(
        postgresql,
        "CREATE TABLE visits (id INT, word TEXT) PARTITION BY RANGE (id)",
        "CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (100000)",
        "INSERT INTO visits SELECT i, repeat('x', 100) FROM generate_series(1, 10000) AS i",
    )
    assert (asked(postgresql, Question("size", "visits")).answer or 0) > 1_000_000


def test_sessions_in_the_way_are_counted(url: str) -> None:
    question = Question("blockers", "parts")
    if url.startswith("sqlite"):
        assert asked(url, question).problem == "the database does not say"
        return
    assert asked(url, question).answer == 0
    with engine_of(url).connect() as other:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("UPDATE parts SET word = 'b' WHERE id = 3")
        time.sleep(0.3)  # MariaDB reads its list of transactions anew where nobody has for 0.1 s
        probe = asked(url, question)
        other.exec_driver_sql("ROLLBACK")
    assert probe.sentence == (
        "1 other session is in a transaction that may keep parts from being changed"
    )


def test_a_table_that_is_not_there_has_no_answer_that_reads_as_fine(postgresql: str) -> None:
    for kind in ("size", "inbound", "blockers"):
        probe = asked(postgresql, Question(kind, "nothing"))  # type: ignore[arg-type]
        assert (probe.answer, probe.problem) == (None, "the database does not say")
