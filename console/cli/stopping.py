"""Ctrl-C cancels a run in order; a second one leaves at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from console.cli.output import say
from console.schema.cancel import Cancelled

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def cancel_on_signals() -> Iterator[Cancelled]:
    """Yield a function that says whether Ctrl-C or SIGTERM came during the block."""
    asked = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        say("Cancelling; what can be undone is being undone. Ctrl-C again leaves at once.")

    if threading.current_thread() is not threading.main_thread():  # nobody can send it signals
        yield asked.is_set
        return
    before = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
