"""What was approved with open eyes runs only while the data still answers as it did then."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.hazards.hazard import Hazard
from console.schema.errors import PlanChanged
from console.schema.plan import Plan
from console.schema.progress import Event, silent
from console.services.ending import Ending
from console.services.execution import apply_plan, ending_of, rehearse_plan
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import Sample

DROP = Sample(
    "cccc1",
    ("aaaa1",),
    up="with op.batch_alter_table('products') as batch:\n    batch.drop_column('weight')",
    down="raise NotImplementedError",
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Three products, two of them with a weight, which is to be dropped."""
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    place.write(DROP)
    return place


def rehearsed(place: Place) -> tuple[Plan, Ending]:
    """The plan and its rehearsal."""
    plan = place.plan()
    return plan, rehearse_plan(place.target, plan, place.workspace, silent)


def applied(place: Place, plan: Plan, hazards: tuple[Hazard, ...]) -> tuple[Ending, list[str]]:
    """Apply, held against hazards only; the ending, and what was checked."""
    told: list[Event] = []
    ending = apply_plan(place.target, plan, None, told.append, hazards)
    return ending, [event.text for event in told if event.kind == "check"]


def test_an_answer_that_still_holds_lets_the_plan_run(place: Place) -> None:
    plan, ending = rehearsed(place)
    (drop,) = (hazard for hazard in ending.hazards if hazard.code == "drop-column")
    assert [probe.answer for probe in drop.evidence] == [2]
    done, checks = applied(place, plan, ending.hazards)
    assert done.state == "succeeded"
    assert "Asking again what the hazards rest on" in checks


def test_a_worse_answer_stops_the_plan_before_its_first_step(place: Place) -> None:
    plan, ending = rehearsed(place)
    place.run("UPDATE products SET weight = 1;")
    before = place.dump()
    with pytest.raises(
        PlanChanged, match="3 rows of products hold a value in weight, and it was 2"
    ):
        applied(place, plan, ending.hazards)
    assert place.dump() == before


def test_a_better_answer_stops_nobody(place: Place) -> None:
    plan, ending = rehearsed(place)
    place.run("UPDATE products SET weight = NULL;")
    assert applied(place, plan, ending.hazards)[0].state == "succeeded"


def test_rows_that_are_added_all_day_stop_nobody(place: Place) -> None:
    up = "op.add_column('reviews', sa.Column('x', sa.Text))\nop.drop_table('products')"
    place.write(Sample("cccc1", ("aaaa1",), up="op.drop_table('reviews')", down=up))
    plan, ending = rehearsed(place)
    assert [probe.answer for h in ending.hazards for probe in h.evidence] == [3]
    place.run("INSERT INTO reviews (product_id, text) VALUES (1, 'more');")
    assert applied(place, plan, ending.hazards)[0].state == "succeeded"


def test_a_plan_that_was_stopped_so_is_refused(place: Place) -> None:
    error = PlanChanged(("3 rows of products hold a value in weight",))
    ending = ending_of(error, place.target, place.plan())
    assert ending.state == "refused"
    assert "3 rows of products" in (ending.error or "")
