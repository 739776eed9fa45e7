"""Drift, diagnosis, stamps and the order of deployment on PostgreSQL."""

from pathlib import Path

import pytest

from console.schema.diagnosis import diagnose
from console.schema.drift import find_drift
from console.schema.plan import observe
from console.schema.stamp import stamp
from tests.histories.place import PRICE, PRODUCTS
from tests.histories.served import Served
from tests.schema.test_compatibility import ENVIRONMENT as MAPPED
from tests.schema.test_compatibility import PRICE_COLUMN
from tests.schema.test_drift import ENVIRONMENT


@pytest.fixture
def place(tmp_path: Path, postgresql: str) -> Served:
    """One revision behind."""
    return Served(tmp_path, postgresql, [PRODUCTS, PRICE], at="aaaa1")


def test_models_database_and_history_are_compared(tmp_path: Path, postgresql: str) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS], at="aaaa1")
    place.environment(ENVIRONMENT.format(more="", weight="sa.Integer"))
    before = place.dump()
    drift = find_drift(place.target)
    assert drift.is_clean, drift
    assert place.dump() == before
    place.run("ALTER TABLE products ADD COLUMN mass integer DEFAULT 3")
    drift = find_drift(place.target)
    (table,) = drift.history.difference.tables
    assert [(change.sign, change.name) for change in table.changes] == [("added", "mass")]


def test_what_may_be_renamed_is_suspected_whatever_its_sequence_is_called(
    tmp_path: Path, postgresql: str
) -> None:
    """A SERIAL takes its default from a sequence that is named after the table and the column."""
    place = Served(tmp_path, postgresql, [PRODUCTS], at="aaaa1")
    models = ENVIRONMENT.format(more="", weight="sa.Integer")
    place.environment(models.replace('"reviews"', '"opinions"'))
    assert find_drift(place.target).models.suspicions == (
        "The tables reviews and opinions have the same columns; one may be the other, renamed.",
    )


def test_constraints_that_the_server_names_are_written_by_autogenerate(
    tmp_path: Path, postgresql: str
) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS], at="aaaa1")
    unique = "sa.UniqueConstraint('name', 'weight'), comment='what there is',"
    place.environment(ENVIRONMENT.format(more=unique, weight="sa.Integer"))
    drift = find_drift(place.target)
    (table,) = drift.models.difference.tables
    assert {change.kind for change in table.changes} == {"unique", "option"}
    assert drift.models.passed_over == ()


def test_a_stamp_that_lies_is_found_and_put_right(place: Served) -> None:
    place.run("UPDATE alembic_version SET version_num = 'bbbb1'")
    found = diagnose(place.target)
    assert (found.heads, found.matches) == (("bbbb1",), (("aaaa1",),))
    heads, fingerprint = observe(place.target)
    stamp(place.target, ["aaaa1"], start=heads, fingerprint=fingerprint)
    assert diagnose(place.target).is_sound


def test_reading_the_models_leaves_the_rehearsal_whole(place: Served) -> None:
    place.environment(MAPPED.format(more=PRICE_COLUMN))
    rehearsal = place.rehearse()
    assert rehearsal.succeeded, rehearsal.error
    assert rehearsal.compatibility is not None
    assert rehearsal.compatibility.advice == "migrate first"
    assert rehearsal.way_back is not None
    assert rehearsal.way_back.works
