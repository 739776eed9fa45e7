"""Ctrl-C cancels a run in order, and ends any other command; so does a terminal that is closed. A second
one leaves at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from console.cli.errors import Refusal
from console.cli.output import say
from console.schema.cancel import Cancelled

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AS_CTRL_C = (signal.SIGTERM, signal.SIGHUP)
STOPPED = "It was stopped, and the copies that it made are gone."


@contextmanager
def stopped_on_signals() -> Iterator[None]:
    """End the block on SIGTERM and SIGHUP as on Ctrl-C, so that what it made beside a database is
    cleared away; raises Refusal then."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in AS_CTRL_C:
            if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores one of them
                before[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        raise Refusal(STOPPED) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def cancel_on_signals() -> Iterator[Cancelled]:
    """Yield a function that says whether Ctrl-C, SIGTERM or SIGHUP came during the block. What is
    ignored from the start, as SIGHUP is under nohup, stays so."""
    asked: list[
        int
    ] = []  # no Event: a second signal may come while the handler of the first sets it

    def ask(number: int, _frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        with suppress(OSError):  # the terminal may be gone
            say("Cancelling; what can be undone is being undone. Ctrl-C again leaves at once.")

    if threading.current_thread() is not threading.main_thread():  # nobody can send it signals
        yield lambda: bool(asked)
        return
    heard = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, ask) for number in heard}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
