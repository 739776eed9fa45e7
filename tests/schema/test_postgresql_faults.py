"""Whenever the process dies, a PostgreSQL database stands at the start or at the end."""

import os
import random
import threading
from pathlib import Path

from console.schema.errors import PlanChanged
from console.schema.executor import apply
from console.schema.history import read_history, read_standing
from tests.histories.place import PRICE, PRODUCTS
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.schema.killing import kill_somewhere

KILLS = int(os.environ.get("CONSOLE_TEST_KILLS", "6"))
BACKFILL = Sample(
    "cccc1",
    ("bbbb1",),
    message="Fill in the prices",
    up="""\
connection = op.get_bind()
for first in range(0, 20000, 1000):
    connection.execute(
        sa.text("UPDATE products SET price = weight * 2 WHERE id > :a AND id <= :b"),
        {"a": first, "b": first + 1000},
    )
op.alter_column("products", "name", type_=sa.String(120))""",
    down='op.execute("UPDATE products SET price = NULL")\n'
    'op.alter_column("products", "name", type_=sa.String(80))',
)
MANY = """
DELETE FROM reviews;
DELETE FROM products;
INSERT INTO products (id, name, weight) SELECT i, 'product ' || i, i FROM generate_series(1, 20000) i;
"""


def test_a_kill_at_a_random_moment_leaves_no_half_migration(
    tmp_path: Path, postgresql: str
) -> None:
    chance = random.Random(7)
    place = Served(tmp_path, postgresql, [PRODUCTS, PRICE, BACKFILL], at="aaaa1")
    place.run(MANY)
    start = place.dump()
    for _ in range(KILLS):
        end = kill_somewhere(place, chance)
        standing = read_standing(place.target, read_history(place.target))
        if standing.heads == ("aaaa1",):
            assert "SIGKILL" in end
            assert "Nothing was changed" in end
            assert place.dump() == start
        else:
            assert standing.heads == ("cccc1",)
            assert end == "finished" or "completed" in end
            assert place.ask("SELECT count(*) FROM products WHERE price = weight * 2") == [20000]
            apply(place.target, place.plan("aaaa1"))
            start = place.dump()
    assert apply(place.target, place.plan()).heads == ("cccc1",)


def test_a_statement_that_outlives_its_process_is_waited_for(
    tmp_path: Path, postgresql: str
) -> None:
    sleep = Sample("cccc1", ("bbbb1",), up='op.execute("SELECT pg_sleep(20)")')
    place = Served(tmp_path, postgresql, [PRODUCTS, PRICE, sleep], at="aaaa1")
    end = kill_somewhere(place, random.Random(1), at_most=1.0)
    assert "Nothing was changed" in end
    assert place.ask("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(2%'") == [1]


def test_of_two_runs_at_once_exactly_one_applies(tmp_path: Path, postgresql: str) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS, PRICE], at="aaaa1")
    plan = place.plan()
    ends: list[str] = []

    def run() -> None:
        try:
            ends.append(apply(place.target, plan).heads[0])
        except PlanChanged:
            ends.append("refused")

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["bbbb1", "refused", "refused"]
