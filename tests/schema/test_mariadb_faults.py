"""Whenever the process dies, every statement on MariaDB is known to be done or not, and it goes on."""

import os
import random
import threading
import time
from pathlib import Path

import pytest

from console.schema.errors import ChildDied, PlanChanged
from console.schema.executor import apply
from console.schema.halfway import read_halfway
from console.schema.history import read_history, read_standing
from console.schema.progress import Event
from tests.histories.place import PRICE, PRODUCTS
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.schema.killing import kill_children, kill_somewhere

KILLS = int(os.environ.get("CONSOLE_TEST_KILLS", "6"))
BACKFILL = Sample(
    "cccc1",
    ("bbbb1",),
    message="Fill in the prices",
    up="""\
op.add_column("products", sa.Column("stock", sa.Integer, server_default="0"))
connection = op.get_bind()
for first in range(0, 5000, 250):
    connection.execute(
        sa.text("UPDATE products SET stock = stock + 1, price = weight * 2 WHERE id > :a AND id <= :b"),
        {"a": first, "b": first + 250},
    )
op.create_index("by_stock", "products", ["stock"])
op.execute("UPDATE products SET stock = stock + 10 WHERE id <= 100")
op.alter_column("products", "name", existing_type=sa.String(80), type_=sa.String(120), nullable=False)""",
    down="""\
op.drop_index("by_stock", "products")
op.drop_column("products", "stock")
op.execute("UPDATE products SET price = NULL")
op.alter_column("products", "name", existing_type=sa.String(120), type_=sa.String(80), nullable=False)""",
)
MANY = """
DELETE FROM reviews;
DELETE FROM products;
INSERT INTO products (id, name, weight) SELECT seq, concat('product ', seq), seq FROM seq_1_to_5000;
"""


def test_a_kill_at_a_random_moment_leaves_nothing_in_doubt(tmp_path: Path, mariadb: str) -> None:
    chance = random.Random(11)
    place = Served(tmp_path, mariadb, [PRODUCTS, PRICE, BACKFILL], at="aaaa1")
    place.run(MANY)
    for _ in range(KILLS):
        end = kill_somewhere(place, chance, at_most=1.0)
        heads = read_standing(place.target, read_history(place.target)).heads
        if end != "finished" and "completed" not in end:
            assert "Nothing was changed" in end
            assert heads == ("aaaa1",)
            continue
        assert heads == ("cccc1",)
        # Every UPDATE ran exactly once, however often the process had died.
        assert place.ask("SELECT stock, count(*) FROM products GROUP BY stock ORDER BY stock") == [
            (1, 4900),
            (11, 100),
        ]
        apply(place.target, place.plan("aaaa1"))
    assert apply(place.target, place.plan()).heads == ("cccc1",)
    assert read_halfway(place.target) is None


def test_a_process_that_dies_again_and_again_says_what_it_has_done(
    tmp_path: Path, mariadb: str
) -> None:
    dies = Sample(
        "cccc1",
        ("bbbb1",),
        up='op.add_column("products", sa.Column("stock", sa.Integer))\nimport os\nos.kill(os.getpid(), 9)',
    )
    place = Served(tmp_path, mariadb, [PRODUCTS, PRICE, dies], at="aaaa1")
    events: list[Event] = []
    with pytest.raises(ChildDied, match=r"stands at bbbb1. Of revision cccc1 1 statement had been"):
        apply(place.target, place.plan(), progress=events.append)
    assert sum("going on after" in event.text for event in events) == 2
    halfway = read_halfway(place.target)
    assert halfway is not None
    assert [record.statement for record in halfway.done] == [
        "ALTER TABLE products ADD COLUMN stock INTEGER"
    ]


def test_a_statement_that_outlives_its_process_is_ended(tmp_path: Path, mariadb: str) -> None:
    sleep = Sample("cccc1", ("bbbb1",), up='op.execute("DO SLEEP(3)")')
    place = Served(tmp_path, mariadb, [PRODUCTS, PRICE, sleep], at="bbbb1")
    begun = time.monotonic()

    def watch(event: Event) -> None:
        if event.kind == "step-started":
            threading.Timer(0.3, kill_children).start()

    with pytest.raises(ChildDied, match="Nothing was changed"):
        apply(place.target, place.plan(), progress=watch)
    assert time.monotonic() - begun < 20
    assert place.ask(
        "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'DO SL%'"
    ) == [0]


def test_of_two_runs_at_once_exactly_one_applies(tmp_path: Path, mariadb: str) -> None:
    place = Served(tmp_path, mariadb, [PRODUCTS, PRICE], at="aaaa1")
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
