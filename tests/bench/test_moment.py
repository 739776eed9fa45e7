"""Moments are spread over the whole of a run, and are the same for the same seed."""

import random

from tests.bench.moment import START_SHARE, Moment, Timeline, median

TIMELINE = Timeline((1.0, 1.1, 1.2, 3.2), 3.3)


def picked(seed: str) -> list[Moment]:
    chance = random.Random(seed)
    return [TIMELINE.pick(chance) for _ in range(2000)]


def test_most_moments_lie_inside_the_migration() -> None:
    numbers = [moment.number for moment in picked("a")]
    assert numbers.count(0) / len(numbers) < 2 * START_SHARE
    assert all(numbers.count(number) > 100 for number in (1, 2, 3, 4))


def test_the_long_statement_gets_most_of_them_and_the_short_ones_enough() -> None:
    numbers = [moment.number for moment in picked("a")]
    assert numbers.count(3) > 800
    assert numbers.count(1) > 150


def test_the_same_seed_makes_the_same_moments() -> None:
    assert picked("a") == picked("a") != picked("b")


def test_the_median_is_taken_event_by_event() -> None:
    lines = [Timeline((1.0, 2.0), 3.0), Timeline((1.5, 9.0), 10.0), Timeline((2.0, 2.5), 4.0)]
    assert median(lines) == Timeline((1.5, 2.5), 4.0)
