"""Deaths and races on SQLite, one by one; tests/bench has the random ones."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from console.schema.errors import PlanChanged
from console.schema.executor import apply
from console.schema.history import read_history
from console.schema.standing import read_standing
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import Sample
from tests.processes import children_of, is_alive

MANY = """
DELETE FROM reviews; DELETE FROM products;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO products (id, name, weight) SELECT i, 'product ' || i, i FROM n;
INSERT INTO reviews (product_id, text) SELECT id, 'text' FROM products WHERE id % 10 = 0;
"""
SPILL = """\
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 2")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE alembic_version SET version_num = 'half'")
connection.execute("UPDATE products SET name = name || ' and a longer name, many times over'")
os.kill(os.getpid(), 9)
"""


def test_a_database_whose_last_writer_was_killed_is_read_planned_and_rehearsed(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    place.run(MANY)
    subprocess.run([sys.executable, "-c", SPILL, str(place.file)], check=False)
    assert (tmp_path / "database.db-journal").stat().st_size
    assert read_standing(place.target, read_history(place.target)).heads == ("aaaa1",)
    assert place.rehearse().succeeded


PARENT = """\
import sys
from pathlib import Path
from console.schema.executor import apply
from tests.histories.place import Place, PRODUCTS, PRICE
from console.schema.plan import make_plan
from tests.histories.script_folder import target_of
target = target_of(Path(sys.argv[1]))
apply(target, make_plan(target, "head"), progress=lambda event: print(event.kind, flush=True))
"""


def test_the_child_dies_with_its_parent_and_nothing_is_changed(tmp_path: Path) -> None:
    sleep = Sample("cccc1", ("bbbb1",), up="import time\ntime.sleep(60)")
    place = Place(tmp_path, [PRODUCTS, PRICE, sleep], at="aaaa1")
    before = place.dump()
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(place.scripts)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    steps = 0
    for line in parent.stdout:
        steps += line.strip() == "step-started"
        if steps == 2:
            break
    (child,) = children_of(parent.pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(child)
    assert place.dump() == before


def test_of_two_runs_at_once_exactly_one_applies(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    plan = place.plan()
    ends: list[str] = []

    def run() -> None:
        try:
            ends.append(apply(place.target, plan).heads[0])
        except PlanChanged:
            ends.append("refused")

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["bbbb1", "refused"]


def test_no_zombie_is_left_after_a_run(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    before = children_of(os.getpid())  # other tests of this process may keep a browser
    apply(place.target, place.plan("base"))
    assert children_of(os.getpid()) == before
