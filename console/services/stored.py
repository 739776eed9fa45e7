"""stored: values out of the store's JSON, which another version of the console may have written."""

from __future__ import annotations

import logging
from typing import TypeVar

from console.schema.wire import decode

log = logging.getLogger(__name__)
T = TypeVar("T")
UNREADABLE = "Another version of the console stored this {what}, and it cannot be read."


def stored(kind: type[T], data: object) -> T | None:
    """The value that was stored; None for nothing, and for what cannot be read, which the log says."""
    if not data:
        return None
    try:
        return decode(kind, data)
    except ValueError as error:
        log.warning("A stored %s cannot be read: %s", kind.__name__, error)
        return None
