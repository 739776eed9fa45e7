"""Damage changes every value that it is given."""

import random

import pytest

from tests.bench.damage import DAMAGES, damage
from tests.bench.shape import KINDS, is_same, make_shapes


def test_every_kind_of_column_can_be_damaged() -> None:
    assert set(DAMAGES) == set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_was_damaged_is_another_value(kind: str) -> None:
    chance = random.Random(kind)
    seen = set()
    for _ in range(300):
        value = KINDS[kind].make(chance)
        what, changed = damage(kind, value, chance)
        assert not is_same(value, changed)
        seen.add(what)
    assert seen >= set(DAMAGES[kind])


def test_the_same_seed_makes_the_same_tables() -> None:
    one, other = (make_shapes(random.Random("world 1")) for _ in range(2))
    assert [shape.rows for shape in one] == [shape.rows for shape in other]
