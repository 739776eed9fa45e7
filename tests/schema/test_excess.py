"""More of a loss that was approved is the same loss; a loss of another kind never is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.schema.errors import DataLost, PlanChanged
from console.schema.excess import SLACK, ahead, excess, is_share, told
from console.schema.executor import apply
from console.schema.ledger import ColumnCount, Count, Ledger, TableCount, of_sample
from console.schema.survival import compare
from console.schema.wire import decode, encode
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import Sample
from tests.histories.served import Served


def table(rows: int, *, lost: int = 0, **filled: int) -> tuple[TableCount, TableCount | None]:
    """A table before and after: `lost` of its rows are gone, as are the columns that are `filled`."""
    columns = tuple(ColumnCount(name, number, f"{number:x}") for name, number in filled.items())
    key = ColumnCount("id", rows, "a")
    stays = ColumnCount("id", rows - lost, "a" if not lost else "b")
    kept = TableCount("products", rows - lost, (stays,))
    then = TableCount("products", rows - lost, (stays,))
    now = replace(kept, earlier=kept, then=then)
    return TableCount("products", rows, (key, *columns)), now


def ledger(rows: int, *, is_dropped: bool = False, lost: int = 0, **filled: int) -> Ledger:
    """What became of that table."""
    before, after = table(rows, lost=lost, **filled)
    assert after is not None
    return compare(Count((before,), ()), Count(() if is_dropped else (after,), ()))


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        (
            ledger(1000, price=1000),
            ledger(1050, price=1050),
            "products.price: 1,050 values lost, 50",
        ),
        (ledger(1000, price=300), ledger(1050, price=340), "products.price: 340 values lost, 40"),
        (
            ledger(1000, is_dropped=True),
            ledger(1050, is_dropped=True),
            "products: 1,050 rows lost, 50",
        ),
        (ledger(1000, lost=1000), ledger(1050, lost=1050), "products: 1,050 rows lost, 50"),
        (ledger(3000, lost=300), ledger(3150, lost=324), "products: 324 rows lost, 24"),
        (ledger(2, is_dropped=True), ledger(9, is_dropped=True), "products: 9 rows lost, 7"),
    ],
    ids=[
        "a column",
        "a part of a column",
        "a table",
        "all rows",
        "a share of the rows",
        "a small table",
    ],
)
def test_more_of_the_same_loss_is_passed_and_told(then: Ledger, now: Ledger, words: str) -> None:
    assert excess(now, then) == ()
    assert told(now, then).more == (f"{words} more than in the rehearsal",)
    assert decode(Ledger, encode(told(now, then))) == told(now, then)


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        (ledger(1000, price=3), ledger(1000, price=900), "products.price: 900 values lost, 3"),
        (ledger(1000, price=3), ledger(1050, price=54), "products.price: 54 values lost, 3"),
        (ledger(1000, price=0), ledger(1050, price=1), "products.price: 1 value lost, 0"),
        (ledger(1000, size=9), ledger(1050, size=9, price=1), "products.price: 1 value lost, 0"),
        (ledger(0, is_dropped=True), ledger(5, is_dropped=True), "products: 5 rows lost, 0"),
        (ledger(1000, lost=100), ledger(1000, lost=101), "products: 101 rows lost, 100"),
        (ledger(3000, lost=300), ledger(6000, lost=700), "products: 700 rows lost, 300"),
        (ledger(2, lost=1), ledger(2000, lost=1000), "products: 1,000 rows lost, 1"),
        (ledger(27, lost=27), ledger(28, lost=28), "products: 28 rows lost, 27"),
        (ledger(1, lost=1), ledger(9999, lost=9000), "products: 9,000 rows lost, 1"),
        (ledger(1000), ledger(1050, lost=1), "products: 1 row lost, 0"),
    ],
    ids=[
        "values in rows of then",
        "more values than new rows",
        "an empty column that is filled",
        "another column",
        "an empty table that is filled",
        "a row that was kept",
        "a greater share",
        "a share of two rows",
        "all of few rows",
        "most of many where all was one",
        "a row where none was lost",
    ],
)
def test_a_loss_of_another_kind_is_not(then: Ledger, now: Ledger, words: str) -> None:
    assert words in "; ".join(excess(now, then))
    assert f"{words} in the rehearsal" in excess(now, then)
    assert told(now, then).more == ()


def test_a_sample_says_nothing_of_how_much_more_it_is() -> None:
    then = of_sample(ledger(20, price=20), "a sample of 20 rows")
    now = ledger(1000, price=1000)
    assert excess(now, then) == ()
    assert told(now, then).more == ()


def test_what_is_going_to_be_lost_is_known_before_it_is() -> None:
    empty = compare(Count((TableCount("products", 0, ()),), ()), Count((), ()))
    filled = Count((TableCount("products", 2, (ColumnCount("id", 2, "a"),)),), ())
    assert ahead(filled, empty)[0] == "products: 2 rows lost, 0 in the rehearsal"
    assert ahead(Count((TableCount("products", 0, ()),), ()), empty) == ()
    column = ledger(1000, price=3)
    before, _ = table(1000, price=900)
    assert ahead(Count((before,), ()), column) == (
        "products.price: 900 values lost, 3 in the rehearsal",
    )
    assert ahead(Count((table(1050, price=20)[0],), ()), column) == ()


DROP = "with op.batch_alter_table('products') as batch:\n    batch.drop_column('weight')"
TABLE = "op.drop_table('reviews')"
DELETE = "op.execute(\"DELETE FROM reviews WHERE text <> 'bright'\")"
Make = Callable[[str], Place]


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "mysql"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """A function that makes three products and three reviews, and a revision with that body."""

    def made(body: str) -> Place:
        place: Place = (
            Place(tmp_path, [PRODUCTS], at="aaaa1")
            if request.param == "sqlite"
            else Served(tmp_path, request.getfixturevalue(request.param), [PRODUCTS], at="aaaa1")
        )
        place.write(Sample("bbbb1", ("aaaa1",), up=body))
        return place

    return made


@pytest.mark.parametrize(
    ("body", "more"),
    [
        (DROP, "products.weight: 3 values lost, 1 more than in the rehearsal"),
        (TABLE, "reviews: 4 rows lost, 1 more than in the rehearsal"),
    ],
    ids=["a column", "a table"],
)
def test_rows_that_were_added_since_the_rehearsal_keep_no_plan_from_its_loss(
    make: Make, body: str, more: str
) -> None:
    place = make(body)
    expected, plan = place.rehearse().ledger, place.plan()
    place.run("INSERT INTO products (id, name, weight) VALUES (4, 'Desk', 9)")
    place.run("INSERT INTO reviews (id, product_id, text) VALUES (4, 1, 'late')")
    assert apply(place.target, plan, expected=expected).ledger.more == (more,)


@pytest.mark.parametrize(
    ("body", "before", "since", "words"),
    [
        (
            DROP,
            "UPDATE products SET weight = NULL",
            "UPDATE products SET weight = 1 WHERE id = 1",
            "products.weight: 1 value lost, 0 in the rehearsal",
        ),
        (
            TABLE,
            "DELETE FROM reviews",
            "INSERT INTO reviews (id, product_id) VALUES (4, 1)",
            "reviews: 1 row lost, 0 in the rehearsal",
        ),
    ],
    ids=["a column", "a table"],
)
def test_what_was_empty_in_the_rehearsal_is_not_dropped_with_content(
    make: Make, body: str, before: str, since: str, words: str
) -> None:
    place = make(body)
    place.run(before)
    expected, plan = place.rehearse().ledger, place.plan()
    place.run(since)
    kept = place.dump()
    with pytest.raises(PlanChanged, match=words):
        apply(place.target, plan, expected=expected)
    assert place.dump() == kept


def test_two_of_three_rows_are_no_share_that_more_may_be_lost_by(make: Make) -> None:
    place = make(DELETE)
    expected, plan = place.rehearse().ledger, place.plan()
    place.run("INSERT INTO reviews (id, product_id, text) VALUES (4, 1, 'late')")
    place.run("INSERT INTO reviews (id, product_id, text) VALUES (5, 1, 'bright')")
    with pytest.raises(DataLost, match="reviews: 3 rows lost, 2 in the rehearsal"):
        apply(place.target, plan, expected=expected)


@given(st.integers(1, 20_000), st.floats(0, 1))
def test_a_share_is_known_only_where_a_smaller_one_would_not_look_like_it(
    rows: int, part: float
) -> None:
    lost = max(round(rows * part), 1)
    if is_share(lost, rows):
        assert lost >= 28
        assert _chance(lost, rows, lost / rows / SLACK) < 0.08
    assert not is_share(lost, rows) or is_share(lost * 2, rows * 2)


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 20))
def test_of_rows_whose_share_is_not_known_no_more_may_be_lost(
    rows: int, lost: int, times: int
) -> None:
    lost = min(lost, rows)
    then, now = ledger(rows, lost=lost), ledger(rows * (times + 1), lost=lost * (times + 1))
    assert (excess(now, then) == ()) == is_share(lost, rows)
    assert excess(ledger(rows * times, lost=min(lost, rows)), then) == ()


def _chance(lost: int, rows: int, share: float) -> float:
    """How likely so many or more of the rows are lost where each is by that share."""
    ways = (
        math.lgamma(rows + 1)
        - math.lgamma(n + 1)
        - math.lgamma(rows - n + 1)
        + n * math.log(share)
        + (rows - n) * math.log(1 - share)
        for n in range(lost, rows + 1)
    )
    return sum(map(math.exp, ways))


def test_a_row_that_the_rehearsal_kept_is_not_lost_in_a_greater_share(make: Make) -> None:
    place = make(DELETE)
    expected, plan = place.rehearse().ledger, place.plan()
    place.run("UPDATE reviews SET text = 'dim' WHERE id = 1")
    with pytest.raises(DataLost, match="reviews: 3 rows lost, 2 in the rehearsal"):
        apply(place.target, plan, expected=expected)
