"""stall: how long readers of a table wait while a plan that alters it waits behind a long SELECT."""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine

from console.schema.executor import apply
from tests.bench.attempt import Desk, hear
from tests.bench.forks import fork
from tests.bench.ground import Ground
from tests.bench.round import Round
from tests.bench.story import FILL
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import Sample
from tests.servers import engine_of

LIMIT = 300.0  # milliseconds
SELECT_SECONDS = 3.0
PROBE_SECONDS = 0.015
ALTER = Sample(
    "bbbb1",
    ("aaaa1",),
    message="Add stock to products",
    up='op.add_column("products", sa.Column("stock", sa.Integer))\n'
    'op.alter_column("products", "name", type_=sa.String(120))',
    down='op.drop_column("products", "stock")',
)


class Stall:
    """A long SELECT holds the table, a plan wants to alter it, and a reader asks every 15 ms."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self.ground = ground
        self.place: Place = ground.place(folder / "place", [PRODUCTS, ALTER])
        apply(self.place.target, self.place.plan("aaaa1"))
        self.place.run(FILL)
        ground.keep(self.place)
        self.desk = Desk(folder / "desk", self.place)

    def close(self) -> None:
        """Nothing is left."""

    def play(self, chance: random.Random) -> Round:
        """One run; the longest wait of a reader."""
        self.ground.restore(self.place)
        engine = create_engine(self.place.target.url, poolclass=NullPool)
        with engine.connect() as holder:
            holder.exec_driver_sql("SELECT count(*) FROM products").scalar()
            upgrade = self.begin()
            release = threading.Timer(SELECT_SECONDS + chance.random(), holder.rollback)
            release.start()
            longest = self._probe(SELECT_SECONDS + 2)
            release.join()
        told = hear(*upgrade)
        stands = self.place.ask("SELECT version_num FROM alembic_version")
        wrong = "" if stands == ["bbbb1"] and told.code == 0 else "it was not applied"
        return self.judge(longest, wrong)

    def begin(self) -> tuple[int, int, float]:
        """Start the run."""
        return self.desk.begin(self.desk.ask(self.place.plan()), None, None)

    def judge(self, longest: float, wrong: str) -> Round:
        """No reader may wait for longer than the limit."""
        if longest > LIMIT:
            wrong = f"a reader waited for {longest:.0f} ms"
        return Round("applied" if not wrong else "missed", wrong, stall=longest)

    def _probe(self, seconds: float) -> float:
        """Read the table for so long; the longest answer in milliseconds."""
        longest, deadline = 0.0, time.monotonic() + seconds
        with engine_of(self.place.target.url).connect() as reader:
            while time.monotonic() < deadline:
                begun = time.perf_counter()
                reader.exec_driver_sql("SELECT id FROM products WHERE id = 1").all()
                longest = max(longest, (time.perf_counter() - begun) * 1000)
                time.sleep(PROBE_SECONDS)
        return longest


class PlainStall(Stall):
    """The control: plain `alembic upgrade head`."""

    def begin(self) -> tuple[int, int, float]:
        target = self.place.target

        def work() -> None:
            config = Config()
            config.set_main_option("script_location", str(target.script_location))
            config.set_main_option("sqlalchemy.url", target.url.replace("%", "%%"))
            command.upgrade(config, "head")

        reading, writing = os.pipe()
        pid = fork(work)
        os.close(writing)
        return pid, reading, time.monotonic()

    def judge(self, longest: float, wrong: str) -> Round:
        return Round(wrong or "applied", stall=longest)
