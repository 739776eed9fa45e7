"""outsiders: others who upgrade the same database at the same time, past the console or through it."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.exc import IntegrityError

from console.schema.errors import SchemaError
from console.schema.executor import apply
from console.schema.plan import Plan
from console.services.errors import Conflict
from console.services.queue import enqueue
from console.services.runner import run_now
from console.services.runs import get_run, list_runs
from console.store.store import Store
from tests.bench.attempt import Desk, hear
from tests.bench.forks import fork, wait
from tests.bench.ground import Ground
from tests.bench.kills import dump
from tests.bench.moment import Timeline, median
from tests.bench.round import Round
from tests.bench.story import FILL
from tests.histories.place import PRODUCTS
from tests.histories.script_folder import Sample

CROWD, DIRECT = 50, 6
# The first statement of each revision fails where somebody else has executed it, and each of the
# others would show in the rows if it were executed twice.
PRICES = Sample(
    "bbbb1",
    ("aaaa1",),
    message="Create prices",
    up="""\
op.create_table(
    "prices",
    sa.Column("product_id", sa.Integer, sa.ForeignKey("products.id"), primary_key=True),
    sa.Column("price", sa.Integer),
)
op.execute("INSERT INTO prices SELECT id, weight * 2 FROM products")
op.execute("UPDATE products SET weight = weight + 1000")""",
)
STOCK = Sample(
    "cccc1",
    ("bbbb1",),
    message="Count the stock",
    up="""\
op.add_column("products", sa.Column("stock", sa.Integer, server_default="0"))
for number in range(5):
    op.execute("UPDATE products SET stock = stock + 1")
op.create_index("by_stock", "products", ["stock"])""",
)


class Shared:
    """A database that several want to bring to the same end, and all its states on the way there."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self.ground = ground
        self.place = ground.place(folder / "place", [PRODUCTS, PRICES, STOCK])
        apply(self.place.target, self.place.plan("aaaa1"))
        self.place.run(FILL)
        ground.keep(self.place)
        self.desk = Desk(folder / "desk", self.place)
        self.timeline = median([self._alone() for _ in range(3)])
        self.end = dump(self.place)
        ground.restore(self.place)
        apply(self.place.target, self.place.plan("bbbb1"))
        self.middle = dump(self.place)
        ground.restore(self.place)
        self.start = dump(self.place)

    def _alone(self) -> Timeline:
        self.ground.restore(self.place)
        return self.desk.work(self.desk.ask(self.place.plan())).timeline

    def close(self) -> None:
        """Nothing is left."""

    def complaint(self, codes: list[int | None]) -> str:
        """What is wrong with the database, or with how everybody ended; "" if nothing."""
        if None in codes:
            return "somebody hung"
        known = dump(self.place) in (self.start, self.middle, self.end)
        return "" if known else f"corrupt: {self.place.ask('SELECT * FROM alembic_version')}"

    def go_on(self) -> bool:
        """Bring it to its end, as whoever asked would; whether that worked."""
        if dump(self.place) == self.end:
            return True
        try:
            self.desk.work(self.desk.ask(self.place.plan()))
        except SchemaError:
            return False
        return dump(self.place) == self.end


class Outsiders(Shared):
    """Two `alembic upgrade head` of somebody else's against a run of the console."""

    def play(self, chance: random.Random) -> Round:
        """One round: all three begin at random moments that overlap."""
        self.ground.restore(self.place)
        run_id = self.desk.ask(self.place.plan())
        end = self.timeline.end
        others = [fork(self._upgrade(chance.uniform(0, end))) for _ in range(2)]
        told = hear(*self.desk.begin(run_id, None, None))
        codes = [wait(pid) for pid in others]
        run = get_run(self.desk.store, run_id)
        wrong = self.complaint([told.code, *codes])
        won = "the run" if run.state == "succeeded" else "an outsider" if 0 in codes else "nobody"
        return Round(f"won by {won}", wrong, self.go_on())

    def _upgrade(self, delay: float) -> Callable[[], None]:
        """What `alembic upgrade head` does, after so many seconds."""
        target = self.place.target

        def work() -> None:
            time.sleep(delay)
            config = Config()
            config.set_main_option("script_location", str(target.script_location))
            config.set_main_option("sqlalchemy.url", target.url.replace("%", "%%"))
            command.upgrade(config, "head")

        return work


class Crowd(Shared):
    """Fifty who want to run the same plan at once, through the services; now and then a few who run
    it past them."""

    def play(self, chance: random.Random) -> Round:
        """One round: they ask for fifty runs, or fifty workers want the one that was asked for."""
        self.ground.restore(self.place)
        plan = self.place.plan()
        way = chance.choices(("asked", "claimed", "past"), (4, 4, 1))[0]
        before = {run.id for run in list_runs(self.desk.store, limit=500)}
        run_id = self.desk.ask(plan) if way == "claimed" else None
        codes = self._all_at_once(
            lambda: self._want(way, plan, run_id), DIRECT if way == "past" else CROWD
        )
        applied = codes.count(0)
        ended = [r.state for r in list_runs(self.desk.store, limit=500) if r.id not in before]
        wrong = self.complaint(codes)
        if applied != 1 or (way != "past" and ended.count("succeeded") != 1):
            wrong = f"{applied} have applied, {ended.count('succeeded')} runs say so; {wrong}"
        return Round(f"{len(codes)} {way}", wrong, self.go_on())

    def _want(self, way: str, plan: Plan, run_id: int | None) -> bool:
        """Try to run the plan; whether it was this one that did."""
        if way == "past":
            with suppress(SchemaError):
                return bool(apply(self.place.target, plan).heads)
            return False
        store = Store(self.desk.store.url)
        with suppress(Conflict, IntegrityError):
            mine = run_id or self._ask(store, plan)
            run = run_now(store, self.desk.targets, mine, workspace=self.desk.workspace)
            return run.state == "succeeded"
        return False

    def _ask(self, store: Store, plan: Plan) -> int:
        with store.begin() as session:
            return enqueue(session, kind="apply", plan=plan, requested_by="somebody").id

    def _all_at_once(self, want: Callable[[], bool], number: int) -> list[int | None]:
        """Start so many processes, let all of them go at the same moment, and wait for their codes."""
        gate, opener = os.pipe()
        self.desk.store.close()

        def work() -> None:
            os.close(opener)
            os.read(gate, 1)  # until everybody is there and the gate is shut
            if not want():
                os._exit(3)

        pids = [fork(work) for _ in range(number)]
        os.close(opener)
        os.close(gate)
        return [wait(pid) for pid in pids]
