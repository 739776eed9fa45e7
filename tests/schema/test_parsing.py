"""Python source is read from any number of threads, and bad source has one kind of error."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from console.schema.parsing import parse

LONG = "x = [" + "(1, [2, {3: f(4)}]), " * 200 + "]\n"


class Litter:
    """Garbage whose collection lets another thread go on, in the middle of whatever it met."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        time.sleep(0.0001)


def read_often(depth: int) -> int:
    """Parse, as deep in the stack as told, and count how often."""
    if depth:
        return read_often(depth - 1)
    done = 0
    for _ in range(300):
        Litter()
        done += len(parse(LONG).body)
    return done


def test_threads_that_read_at_once_do_not_disturb_each_other() -> None:
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(read_often, (0, 7, 14, 21))) == [300] * 4


@pytest.mark.parametrize(
    "source",
    [b"def", b"x = '\0'", b"# coding: klingon\n", b"# coding: utf-8\n\xff", "-" * 100_000 + "1"],
    ids=["unfinished", "null byte", "unknown encoding", "wrong bytes", "too deep"],
)
def test_what_python_cannot_read_is_a_syntax_error(source: bytes | str) -> None:
    with pytest.raises(SyntaxError):
        parse(source)
