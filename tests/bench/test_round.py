"""A figure is met only where every round was right."""

from tests.bench.faults import row
from tests.bench.part import PARTS
from tests.bench.round import Round, Tally


def tally_of(*rounds: Round) -> Tally:
    tally = Tally()
    for number, played in enumerate(rounds, 1):
        tally.add(number, played)
    return tally


def test_rounds_that_are_right_meet_the_figure() -> None:
    assert tally_of(Round("inside"), Round("after")).is_met


def test_no_round_at_all_is_not_a_figure() -> None:
    assert not tally_of().is_met


def test_one_wrong_round_misses_it_and_is_named() -> None:
    tally = tally_of(Round("inside"), Round("inside", "between"))
    assert not tally.is_met
    assert tally.wrong == [(2, "between")]


def test_one_round_that_takes_a_person_misses_it() -> None:
    tally = tally_of(Round("inside"), Round("inside", is_recovered=False))
    assert not tally.is_met
    assert row(PARTS[0], "sqlite", tally)[2:] == ["2", "0 in doubt", "50%", "inside 2"]


def test_99_5_percent_are_not_shown_as_all_of_them() -> None:
    tally = tally_of(*[Round("inside")] * 399, Round("inside", is_recovered=False))
    assert row(PARTS[0], "sqlite", tally)[4] == "99.75%"
