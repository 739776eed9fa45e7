"""kill -9 for migrations, at random moments."""

from __future__ import annotations

import os
import random
import signal
import threading
from contextlib import suppress
from pathlib import Path

from console.schema.errors import ChildDied
from console.schema.executor import apply
from console.schema.progress import Event
from tests.histories.place import Place, children_of


def kill_somewhere(place: Place, chance: random.Random, *, at_most: float = 0.5) -> str:
    """Apply, and kill the child at a random moment after the transaction has begun."""
    moment = chance.random() * at_most
    killers: list[threading.Timer] = []

    def watch(event: Event) -> None:
        if not killers:
            killers.append(threading.Timer(moment, kill_children))
            killers[0].start()

    try:
        apply(place.target, place.plan(), progress=watch)
        return "finished"
    except ChildDied as error:
        return str(error)
    finally:
        for killer in killers:
            killer.cancel()
            killer.join()


def kill_children() -> None:
    """kill -9 for every migration that this process has started."""
    for pid in children_of(os.getpid()):
        with suppress(OSError):
            if b"console.schema.child" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
