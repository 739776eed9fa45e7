"""What hazards rest on: the rows that a rehearsal counted, or the live database where it saw a few."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from console.hazards.evidence import Evidence
from console.schema.history import read_history
from console.schema.probe import Probe, Question
from console.schema.sample import Sample
from tests.histories import script_folder
from tests.histories.place import PRICE, PRODUCTS, Place


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
