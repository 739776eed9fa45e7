import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from console.admin.keys import RESERVED, decode, encode


class Base(DeclarativeBase):
    pass


class Number(Base):
    __tablename__ = "numbers"
    id: Mapped[int] = mapped_column(primary_key=True)


class Pair(Base):
    __tablename__ = "pairs"
    name: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)


def test_a_plain_key_is_its_own_text():
    assert encode((3,)) == "3"
    assert decode(inspect(Number), "3") == (3,)


def test_a_composite_key_is_one_segment_of_a_path():
    assert encode(("a/b", 2)) == "a~2Fb,2"
    assert decode(inspect(Pair), "a~2Fb,2") == ("a/b", 2)


@pytest.mark.parametrize("text", ["", "x", "1,2", "9" * 30, "~", "~FF", "\x00", "1 or 1=1"])
def test_what_is_no_key_is_none(text: str):
    assert decode(inspect(Number), text) is None


@given(st.text(max_size=20).filter(lambda t: "\x00" not in t), st.integers(-(2**63), 2**63 - 1))
def test_every_key_comes_back(name: str, number: int):
    name = name.encode("utf-8", "replace").decode()
    text = encode((name, number))
    assert "/" not in text
    assert text not in RESERVED
    assert decode(inspect(Pair), text) == (name, number)
