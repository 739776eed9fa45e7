"""shards: the rounds of a part, played by several processes at once."""

from __future__ import annotations

import logging
import os
import pickle
import random
import signal
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from tests.bench.forks import fork, wait
from tests.bench.ground import MEMORY, ground_of
from tests.bench.part import Part
from tests.bench.round import Round
from tests.private import NoServer


def play(
    part: Part, database: str, numbers: range, seed: str, jobs: int
) -> Iterator[tuple[int, Round]]:
    """Play these rounds on a database and yield each when it is over, with its number. The same seed
    and number make the same round, whoever plays it. NoServer; RuntimeError where a shard fails."""
    jobs = max(1, min(jobs, part.jobs, len(numbers)))
    running: list[tuple[int, BinaryIO]] = []
    try:
        for shard in range(jobs):
            reading, writing = os.pipe()
            mine = numbers[shard::jobs]
            pid = fork(lambda w=writing, m=mine: _shard(part, database, m, seed, w))
            os.close(writing)
            running.append((pid, os.fdopen(reading, "rb")))
        for pid, stream in running:
            yield from _rounds(stream)
            if wait(pid) != 0:
                raise RuntimeError(f"A shard of {part.name} on {database} failed.")
        running = []
    finally:
        for pid, stream in running:
            stream.close()
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGTERM)
                wait(pid)


def _rounds(stream: BinaryIO) -> Iterator[tuple[int, Round]]:
    """What a shard tells; it raises what the shard raised."""
    while True:
        try:
            told = pickle.load(stream)
        except EOFError:
            return
        if isinstance(told, BaseException):
            raise told
        yield told


def _shard(part: Part, database: str, numbers: range, seed: str, descriptor: int) -> None:
    """Set the part up, play, tell each round, and clean up."""
    signal.signal(signal.SIGTERM, _leave)
    logging.disable()
    with os.fdopen(descriptor, "wb", buffering=0) as stream, ExitStack() as stack:
        try:
            memory = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
            made = tempfile.TemporaryDirectory(prefix="console-bench-", dir=memory)
            name = stack.enter_context(made)
            folder = Path(name)
            folder.chmod(0o755)  # a server may run as somebody else
            ground = stack.enter_context(ground_of(database, folder))
            played = part.play(ground, folder)
            stack.callback(played.close)
            for number in numbers:
                pickle.dump((number, played.play(random.Random(f"{seed} {number}"))), stream)
        except NoServer as error:
            pickle.dump(error, stream)
        except Exception:
            pickle.dump(RuntimeError(traceback.format_exc()), stream)


def _leave(number: int, frame: object) -> None:
    raise SystemExit(1)
