import uuid
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import types

from console.admin.kinds import Invalid, kind_of, parse, to_text


def value(type_: Any, text: str) -> Any:
    return parse(kind_of(type_), type_, text)


def refusal(type_: Any, text: str) -> str:
    with pytest.raises(Invalid) as caught:
        value(type_, text)
    return str(caught.value)


def test_a_price_is_never_rounded_silently():
    price = types.Numeric(10, 2)
    assert value(price, "12.5") == Decimal("12.50")
    assert value(price, "12.500") == Decimal("12.50")
    assert "takes at most 2 decimal places; 1.999 has 3" in refusal(price, "1.999")
    assert "at most 8 digits before the point" in refusal(price, "123456789.00")
    assert "with a point" in refusal(price, "1,50")


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999999", "1_000", "--1", "0x10", "９９x"])
def test_what_is_no_number_is_refused(text: str):
    assert "must be a number" in refusal(types.Numeric(10, 2), text)


def test_a_whole_number_fits_into_its_column():
    assert value(types.Integer(), " 42 ") == 42
    assert "must be between" in refusal(types.Integer(), "9" * 20)
    assert "must be between" in refusal(types.SmallInteger(), "40000")
    assert "whole number" in refusal(types.Integer(), "4.2")


def test_a_text_keeps_to_its_length_and_has_no_nul():
    assert value(types.String(3), "abc") == "abc"
    assert "at most 3 characters; this has 4" in refusal(types.String(3), "abcd")
    assert "NUL" in refusal(types.String(9), "a\x00b")


def test_every_kind_reads_back_what_it_writes():
    number = uuid.uuid4()
    for type_, known in (
        (types.Date(), date(2026, 1, 31)),
        (types.DateTime(), datetime(2026, 1, 31, 14, 30, 5)),
        (types.DateTime(timezone=True), datetime(2026, 1, 31, 14, 30, tzinfo=UTC)),
        (types.Time(), time(14, 30)),
        (types.Interval(), timedelta(days=2, hours=3, minutes=4, seconds=5)),
        (types.Interval(), timedelta(days=-1, hours=3)),
        (types.Uuid(), number),
        (types.Boolean(), True),
        (types.Float(), 2.5),
        (types.JSON(), {"a": [1, None]}),
        (types.Enum("red", "blue"), "blue"),
    ):
        assert value(type_, to_text(known)) == known, type_


def test_wrong_texts_get_a_sentence():
    for type_ in (
        types.Date(),
        types.DateTime(),
        types.Time(),
        types.Interval(),
        types.Uuid(),
        types.JSON(),
    ):
        assert refusal(type_, "nonsense").endswith(".")
    assert "no choice" in refusal(types.Enum("red"), "green")


def test_a_decorated_type_counts_as_what_it_decorates():
    class Email(types.TypeDecorator[str]):
        impl = types.String(20)
        cache_ok = True

    assert kind_of(Email()) == "text"
    assert "at most 20" in refusal(Email(), "x" * 21)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80))
def test_no_text_whatever_breaks_a_kind(text: str):
    for type_ in (
        types.Integer(), types.Numeric(10, 2), types.Float(), types.Boolean(), types.Date(),
        types.DateTime(), types.DateTime(timezone=True), types.Time(), types.Interval(), types.Uuid(),
        types.JSON(), types.Enum("a"), types.String(5), types.Text(),
    ):  # fmt: skip
        with suppress(Invalid):
            value(type_, text)
