"""Several who do the same at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from console.schema.errors import RunError


def said_by(several: int, work: Callable[[], object]) -> list[str]:
    """Return what each of them was told, sorted: "done", or why not."""
    barrier = threading.Barrier(several)

    def take() -> str:
        barrier.wait()
        try:
            work()
        except RunError as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(several) as pool:
        return sorted(one.result() for one in [pool.submit(take) for _ in range(several)])
