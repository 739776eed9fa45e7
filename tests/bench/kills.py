"""kills: kill -9 of the process that applies, of the worker, or of the database server, at random
moments of a run; then the next worker looks, and whoever asked for the run asks again."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from console.schema.dialects import dialect_of
from console.schema.errors import NothingToDo
from console.schema.journal import TABLE
from console.services.runs import Run, get_run
from tests.bench.attempt import Desk, Told, hear
from tests.bench.forks import LONGEST, has_ended
from tests.bench.ground import Ground, OnServer, private_ground
from tests.bench.moment import Moment, median
from tests.bench.nearby import WHOLE_SHARE
from tests.bench.round import Round
from tests.bench.story import tell
from tests.histories.place import Place
from tests.processes import kill_migrations

MEASURED = 3
TWICE_SHARE = 0.4  # of the rounds that have not reached the end strike once more


@dataclass(frozen=True)
class _Struck:
    """What came of a run that was struck: where the database stands, how far it had come, and what was
    said of it that is not so."""

    run: Run
    stands: str
    where: str
    wrong: str


class Kills:
    """The story, with the two states of its database that may be met: its start and its end."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self.ground = ground
        self.place = ground.place(folder / "place")
        tell(ground, self.place)
        self.desk = Desk(folder / "desk", self.place)
        self.start = dump(self.place)
        self.timeline = median([self._whole().timeline for _ in range(MEASURED)])
        self.end = dump(self.place)
        self.run_id = 0

    def _whole(self) -> Told:
        """A run that nobody strikes."""
        self.ground.restore(self.place)
        told = self.desk.work(self.desk.ask(self.place.plan()))
        assert told.where == "after", "the story cannot be told even undisturbed"
        return told

    def play(self, chance: random.Random) -> Round:
        """One round: strike, let the next worker look, judge what it says, ask again; in some, strike
        what was asked for again, too."""
        self.prepare(chance)
        first = self._struck(chance)
        if first.wrong or first.stands == "end" or chance.random() > TWICE_SHARE:
            return self._ended(first.where, first)
        return self._ended(first.where, self._struck(chance))

    def _struck(self, chance: random.Random) -> _Struck:
        """Ask for the plan, strike, and judge what the next worker says."""
        before = dump(self.place)
        self.run_id = self.desk.ask(self.place.plan())
        told = self.strike(chance, self.timeline.pick(chance))
        run = self.desk.settle(self.run_id)
        stands = self._stands()
        where = "after" if stands == "end" and told.where == "inside" else told.where
        wrong = f"the worker hung for {LONGEST:g} s" if told.code is None else ""
        is_as_before = dump(self.place) == before
        return _Struck(run, stands, where, wrong or self._doubt(run, stands, is_as_before))

    def _ended(self, where: str, last: _Struck) -> Round:
        """The round, after whoever asked has asked again."""
        why = "" if last.run.state == "succeeded" else self._ask_again(last.stands)
        if last.run.state == "succeeded" and last.stands != "end":
            why = "it counts as applied"
        return Round(where, "; ".join(filter(None, (last.wrong, why))), not why)

    def close(self) -> None:
        """Leave nothing behind."""

    def prepare(self, chance: random.Random) -> None:
        """Back to the start."""
        self.ground.restore(self.place)
        if self.ground.name == "sqlite" and chance.random() < 0.5:
            self.place.run("PRAGMA journal_mode = WAL;")

    def strike(self, chance: random.Random, moment: Moment) -> Told:
        """Apply, and kill somebody at that moment."""
        whole = chance.random() < WHOLE_SHARE
        victim = chance.choice((kill_child, kill_worker))
        return self.desk.work(self.run_id, moment, victim, whole=whole)

    def _stands(self) -> str:
        """Which of the two states the database has, "between" for none of them."""
        found = dump(self.place)
        return "start" if found == self.start else "end" if found == self.end else "between"

    def _doubt(self, run: Run, stands: str, is_as_before: bool) -> str:
        """What the console said that is not so, or could not say; "" if it knows."""
        words = (
            f"run {run.id} is '{run.state}', {run.error or run.note}; the database is at {stands}"
        )
        if run.is_active:
            return words
        if run.state == "succeeded":
            return "" if stands == "end" else words
        if run.state == "interrupted" or "othing was changed" in (run.error or ""):
            return "" if is_as_before else words
        if not dialect_of(self.place.target).is_transactional:
            return "" if stands != "end" else words  # what stays is proven by going on
        return "" if is_as_before else words

    def _ask_again(self, stands: str) -> str:
        """Apply once more, as anybody would; why that did not reach the end, or ""."""
        try:
            run_id = self.desk.ask(self.place.plan())
        except NothingToDo:
            return "" if stands == "end" else "there is nothing left to apply"
        self.desk.work(run_id)
        again = get_run(self.desk.store, run_id)
        if again.state == "succeeded" and self._stands() == "end":
            return ""
        return f"asked again, run {run_id} is '{again.state}', {again.error}; {self._stands()}"


class KillServer(Kills):
    """The same on a server of our own, which is killed instead and started again. On SQLite the
    process itself is the server: worker and migration die together."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self.opened = ExitStack()
        if isinstance(ground, OnServer) and ground.private is None:
            ground = self.opened.enter_context(private_ground(ground.name, folder / "private"))
        self.server = ground.private if isinstance(ground, OnServer) else None
        super().__init__(ground, folder)

    def strike(self, chance: random.Random, moment: Moment) -> Told:
        server = self.server
        if server is None:
            return self.desk.work(self.run_id, moment, kill_worker)
        alone, at_once = chance.random() < 0.3, chance.random() < 0.5
        worker = self.desk.begin(self.run_id, moment, lambda: server.kill(alone=alone))
        if at_once:  # as a system does that looks after its services
            while server.is_running and not has_ended(worker[0]):
                time.sleep(0.005)
            server.start()
        told = hear(*worker)
        server.start()
        return told

    def close(self) -> None:
        self.opened.close()


def dump(place: Place) -> list[str]:
    """Everything in a place's database but the journal of a run, which the next one drops."""
    return [line for line in place.dump() if not line.startswith(TABLE)]


def kill_child() -> None:
    """kill -9 of the migration that this worker has started."""
    kill_migrations(os.getpid())


def kill_worker() -> None:
    """kill -9 of this very worker; the migration dies with it."""
    os.kill(os.getpid(), signal.SIGKILL)
