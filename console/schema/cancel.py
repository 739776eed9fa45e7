"""cancel: ending a run before its time, for whoever may ask for that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from console.schema.errors import RunCancelled

CANCELLED = "It was cancelled."
Cancelled = Callable[[], bool]  # whether somebody has asked for the end
LOOK_SECONDS = 0.1


def never() -> bool:
    """For callers that cannot be asked."""
    return False


@contextmanager
def watched(cancelled: Cancelled, end: Callable[[], None]) -> Iterator[threading.Event]:
    """Call `end` once, from a thread, as soon as `cancelled()` says so during the block; the event
    is set by then."""
    ended, over = threading.Event(), threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            if cancelled():
                ended.set()
                end()
                return

    thread = threading.Thread(target=look, name="console-cancel", daemon=True)
    if cancelled is not never:
        thread.start()
    try:
        yield ended
    finally:
        over.set()
        if thread.ident is not None:
            thread.join()


@contextmanager
def ending(cancelled: Cancelled, end: Callable[[], None]) -> Iterator[None]:
    """As `watched`; raises RunCancelled in place of whatever the block came to, where its end was
    asked for, and before it where that has happened already."""
    if cancelled():
        raise RunCancelled(CANCELLED)
    with watched(cancelled, end) as ended:
        try:
            yield
        except Exception as error:
            if ended.is_set():
                raise RunCancelled(CANCELLED) from error
            raise
    if ended.is_set():
        raise RunCancelled(CANCELLED)
