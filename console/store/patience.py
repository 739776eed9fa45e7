"""patience: how long a piece of work waits for a store that others keep locked."""

from __future__ import annotations

from contextvars import ContextVar

LONG = 30_000  # milliseconds: a worker or a command has time
SHORT = 3_000  # a person who waits for a page has not

patience: ContextVar[int] = ContextVar("console_patience", default=LONG)
