"""Nothing hides in a text that is shown."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.schema.visible import HIDDEN, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", r"a\u001b[31mb"),
        ("if admin:\u202e \u2066# no\u2069", r"if admin:\u202e \u2066# no\u2069"),
        ("over\rwritten", r"over\u000dwritten"),
        ("\x07\x7f\x9b", r"\u0007\u007f\u009b"),
        ("two\n\tlines\r\nthree", "two\n\tlines\r\nthree"),
        ("Größe, שלום \u200f, 価格, 😀", "Größe, שלום \u200f, 価格, 😀"),
    ],
)
def test_what_steers_a_terminal_or_turns_a_line_is_a_number(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_no_sign_of_that_kind_is_left_and_all_others_stay(text: str) -> None:
    shown = visible(text)
    assert not HIDDEN.search(shown)
    left = {"\n", "\t", "\r"}
    assert all(unicodedata.category(sign) != "Cc" for sign in set(shown) - left)
    assert all(unicodedata.bidirectional(sign) not in BIDI for sign in shown)
    if not HIDDEN.search(text):
        assert shown == text


BIDI = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


@given(st.text() | st.lists(st.text()) | st.dictionaries(st.text(), st.text()))
def test_json_means_the_same(value: object) -> None:
    assert json.loads(visible(json.dumps(value, ensure_ascii=False, indent=2))) == value
