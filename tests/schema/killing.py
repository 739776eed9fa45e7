"""kill -9 for a migration in the middle of a run."""

from __future__ import annotations

import os
import threading

from console.schema.errors import ChildDied
from console.schema.executor import apply
from console.schema.progress import Event
from tests.histories.place import Place
from tests.processes import kill_migrations


def kill_in_step(place: Place, number: int) -> str:
    """Apply, and kill the migration a moment after its step `number` began; what was said then."""
    killers: list[threading.Timer] = []
    steps = 0

    def watch(event: Event) -> None:
        nonlocal steps
        steps += event.kind == "step-started"
        if steps == number and not killers:
            killers.append(threading.Timer(0.3, kill_migrations, [os.getpid()]))
            killers[0].start()

    try:
        apply(place.target, place.plan(), progress=watch)
        return "finished"
    except ChildDied as error:
        return str(error)
    finally:
        for killer in killers:
            killer.join()
