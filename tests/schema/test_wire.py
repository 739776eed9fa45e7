"""Values travel as JSON and come back equal."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.schema.catalogue import Change, Difference, TableDifference
from console.schema.plan import Ingredient, Plan, Step
from console.schema.revision import Problem, Revision
from console.schema.wire import decode, encode


@dataclass(frozen=True)
class Sample:
    name: str
    numbers: tuple[int, ...] = ()
    pair: tuple[str, int] = ("a", 1)
    seen: frozenset[str] = frozenset()
    words: dict[str, str] | None = None
    ratio: float = 0.0


def there_and_back(value):
    return decode(type(value), json.loads(json.dumps(encode(value))))


def test_a_plan_comes_back_equal():
    step = Step("a1", "up", "add price", ("a0",), "migrations/versions/a1.py", "ff")
    plan = Plan(
        "default",
        "sqlite:/x",
        "head",
        "up",
        ("a0",),
        ("a1",),
        (step,),
        (Ingredient("n", "d"),),
        "d",
    )
    assert there_and_back(plan) == plan


def test_a_revision_with_a_path_and_a_time_comes_back_equal():
    revision = Revision(
        "a1",
        (),
        Path("/x/a1.py"),
        "ff",
        "message",
        created_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        problems=(Problem("syntax-error", "no", line=3),),
    )
    assert there_and_back(revision) == revision


def test_a_difference_comes_back_equal():
    change = Change("added", "column", "price", None, "NUMERIC(10, 2), nullable")
    difference = Difference((TableDifference("products", "changed", (change,)),))
    assert there_and_back(difference) == difference


def test_sets_mappings_and_fixed_tuples_come_back_equal():
    sample = Sample("x", (1, 2), ("b", 2), frozenset({"q", "p"}), {"k": "v"}, 1.5)
    assert there_and_back(sample) == sample
    assert encode(sample)["seen"] == ["p", "q"]


def test_unknown_keys_are_ignored_and_missing_ones_take_their_defaults():
    assert decode(Sample, {"name": "x", "invented": 1}) == Sample("x")


def test_a_whole_number_is_taken_for_a_float():
    assert decode(Sample, {"name": "x", "ratio": 2}).ratio == 2.0


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"name": 1},
        {"name": "x", "pair": ["a"]},
        {"name": "x", "numbers": "12"},
        {"name": "x", "numbers": [True]},
        {"name": "x", "words": []},
        [],
    ],
)
def test_data_that_does_not_fit_is_refused(data):
    with pytest.raises(ValueError, match="Sample"):
        decode(Sample, data)


def test_a_literal_outside_its_values_is_refused():
    data = {"sign": "eaten", "kind": "column", "name": "x", "before": None, "after": None}
    with pytest.raises(ValueError, match="eaten"):
        decode(Change, data)


def test_something_that_is_no_value_is_refused():
    with pytest.raises(TypeError, match="object"):
        encode(object())
