"""What hazards rest on: the rows that a rehearsal counted, or the live database where it saw a few."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from console.hazards.evidence import Evidence
from console.hazards.hazard import Hazard
from console.hazards.judge import judge
from console.hazards.sketch import sketch
from console.schema.catalogue import read_catalogue
from console.schema.connection import read_only
from console.schema.history import read_history
from console.schema.inquiry import Inquiry
from console.schema.probe import Probe, Question
from console.schema.sample import Sample
from console.services.lint import plan_of
from tests.hazards.judging import judged, only
from tests.hazards.shop import shop
from tests.histories import script_folder
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.servers import engine_of


def test_a_table_that_is_called_like_the_version_table_is_not_taken_for_it(tmp_path: Path) -> None:
    up = "op.execute('DROP TABLE conversions')"
    place = Place(tmp_path, [script_folder.Sample("aaaa1", up=up, down="pass")])
    place.run("CREATE TABLE conversions (id INTEGER)")
    rehearsal, history = place.rehearse(), read_history(place.target)
    target = replace(place.target, version_table="version")
    evidence = Evidence(target, place.plan(), rehearsal, history)
    assert "DROP TABLE conversions" in [statement.sql for statement in evidence.statements()]


def test_numbers_of_a_sample_are_asked_of_the_live_database(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    rehearsal = place.rehearse()
    asked: list[Question] = []

    def ask(question: Question) -> Probe:
        asked.append(question)
        return Probe(question, 4_000_000, datetime(2026, 5, 1, tzinfo=UTC))

    def evidence(sample: Sample | None) -> Evidence:
        seen = replace(rehearsal, sample=sample)
        return Evidence(place.target, place.plan(), seen, read_history(place.target), ask)

    whole = evidence(None)
    assert whole.rows("products") == 3
    assert whole.values("products", "name").non_null == 3  # type: ignore[union-attr]
    assert not asked
    part = evidence(Sample(3, 30 * 1024**3, 20 * 1024**3))
    assert part.rows("products") == 4_000_000
    assert part.values("products", "name").non_null == 4_000_000  # type: ignore[union-attr]
    assert part.rows("missing") is None
    assert part.values("products", "missing") is None
    assert [question.kind for question in asked] == ["rows", "values"]


BROKEN = {
    "add-unique-with-duplicates": "Some of the 3 rows of products have the same weight",
    "add-foreign-key-with-orphans": "1 row of reviews points by author to no row of products",
    "add-check-with-violators": "2 rows of products break the condition weight > 1000",
    "set-not-null-with-nulls": "1 row of products holds NULL in weight",
}
CONSTRAINTS = """\
with op.batch_alter_table("products") as batch:
    batch.create_unique_constraint("uq", ["weight"])
    batch.create_check_constraint("ck", "weight > 1000")
    batch.alter_column("weight", existing_type=sa.Integer, nullable=False)
with op.batch_alter_table("reviews") as batch:
    batch.create_foreign_key("fk_author", "products", ["author"], ["id"])"""
MENDS = """\
op.execute("UPDATE products SET weight = id * 2000 WHERE weight < 8 OR weight IS NULL")
op.execute("DELETE FROM reviews WHERE author > 3")
"""


def sampled(folder: Path, up: str) -> dict[str, Hazard]:
    """The hazards of a plan that went well on a sample whose rows break nothing, by their codes."""
    place = Place(folder, [PRODUCTS], at="aaaa1")
    place.run("ALTER TABLE reviews ADD COLUMN author INTEGER; UPDATE reviews SET author = 1;")
    place.run("UPDATE products SET weight = 2000 * id;")
    place.write(script_folder.Sample("cccc1", ("aaaa1",), up=up, down="pass"))
    rehearsal = replace(place.rehearse(), sample=Sample(3, 30 * 1024**3, 20 * 1024**3))
    assert rehearsal.succeeded, rehearsal.error
    place.run("UPDATE products SET weight = CASE WHEN id < 3 THEN 7 END;")
    place.run("UPDATE reviews SET author = 9 WHERE id = 2;")
    ask, history = Inquiry(place.target), read_history(place.target)
    return {h.code: h for h in judge(place.target, place.plan(), rehearsal, history, ask=ask)}


def test_what_a_sample_has_not_shown_is_asked_of_the_live_database(tmp_path: Path) -> None:
    hazards = sampled(tmp_path, CONSTRAINTS)
    told = {code: hazards[code].danger for code in BROKEN}
    assert told == {code: f"{danger}." for code, danger in BROKEN.items()}
    assert {hazards[code].severity for code in BROKEN} == {"error"}


def test_a_plan_that_writes_to_the_table_may_mend_it(tmp_path: Path) -> None:
    hazards = sampled(tmp_path, MENDS + CONSTRAINTS)
    for code, danger in BROKEN.items():
        assert hazards[code].danger == f"{danger}, unless the plan mends them first."
        assert hazards[code].severity == "warning"


def linted(folder: Path, url: str, up: str) -> tuple[Hazard, ...]:
    """What lint says of a revision for the shop on a server, whose questions get no time."""
    place = shop(folder, url)
    place.write(script_folder.Sample("cccc1", ("aaaa1",), up=up, down="raise NotImplementedError"))
    target, history = place.target, read_history(place.target)
    plan = plan_of(target, [history.find("cccc1")])
    with read_only(target) as connection:
        assert connection is not None
        before = read_catalogue(connection, exclude=target.version_tables)
    ask, drawn = Inquiry(target, budget=0.0), sketch(target, plan, history, before)
    return judge(target, plan, None, history, ask=ask, sketch=drawn)


def test_a_question_without_an_answer_does_not_read_as_none(tmp_path: Path, either: str) -> None:
    up = """\
op.create_unique_constraint("uq", "products", ["weight"])
op.create_check_constraint("ck", "products", "weight > 1000")
op.create_foreign_key("fk", "reviews", "products", ["product"], ["id"])"""
    hazards = linted(tmp_path, either, up)
    for code in BROKEN.keys() - {"set-not-null-with-nulls"}:
        hazard = only(hazards, code)
        assert hazard.severity == "warning"
        assert hazard.danger.startswith("Whether rows break it is not known: ")
        assert "no answer (the questions before took too long)" in hazard.danger


def test_tables_of_another_schema_are_not_taken_for_those_of_the_same_name(
    tmp_path: Path, postgresql: str
) -> None:
    with engine_of(postgresql).connect() as connection:
        connection.exec_driver_sql('CREATE SCHEMA "My Shop"')
        connection.exec_driver_sql(
            'CREATE TABLE "My Shop".products (id INT, weight INT, maker INT)'
        )
        connection.exec_driver_sql('INSERT INTO "My Shop".products VALUES (1, 5, 8), (2, 5, 9)')
    place = shop(tmp_path, postgresql)
    unique = 'op.create_unique_constraint("uq", "products", ["weight"], schema="My Shop")'
    hazards = judged(place, unique, "raise NotImplementedError")
    assert only(hazards, "add-unique-with-duplicates").danger == (
        "Some of the 2 rows of My Shop.products have the same weight."
    )
    up = """\
op.drop_column("products", "maker", schema="My Shop")
op.execute('CREATE INDEX ix ON "My Shop".products (weight)')"""
    hazards = judged(place, up, "raise NotImplementedError")
    drop = only(hazards, "drop-column")
    assert drop.danger == "The column maker of My Shop.products is dropped: 2 values lost."
    assert 'op.batch_alter_table("products", schema="My Shop")' in drop.rewrite
    assert only(hazards, "index-not-concurrent").subject == "My Shop.products.ix"
