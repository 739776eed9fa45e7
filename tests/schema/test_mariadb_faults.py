"""Deaths and races on MariaDB and MySQL, one by one; tests/bench has the random ones."""

import threading
import time
from pathlib import Path

import pytest

from console.schema.errors import ChildDied, PlanChanged
from console.schema.executor import apply
from console.schema.halfway import read_halfway
from console.schema.progress import Event
from tests.histories.place import PRICE, PRODUCTS
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.schema.killing import kill_in_step


def test_a_process_that_dies_again_and_again_says_what_it_has_done(
    tmp_path: Path, either: str
) -> None:
    dies = Sample(
        "cccc1",
        ("bbbb1",),
        up='op.add_column("products", sa.Column("stock", sa.Integer))\nimport os\nos.kill(os.getpid(), 9)',
    )
    place = Served(tmp_path, either, [PRODUCTS, PRICE, dies], at="aaaa1")
    events: list[Event] = []
    with pytest.raises(ChildDied, match=r"stands at bbbb1. Of revision cccc1 1 statement had been"):
        apply(place.target, place.plan(), progress=events.append)
    assert sum("going on after" in event.text for event in events) == 2
    halfway = read_halfway(place.target)
    assert halfway is not None
    assert [record.statement for record in halfway.done] == [
        "ALTER TABLE products ADD COLUMN stock INTEGER"
    ]


def test_a_statement_that_could_not_say_that_it_is_done_stays_known_over_a_second_death(
    tmp_path: Path, either: str
) -> None:
    dies = Sample(
        "cccc1",
        ("bbbb1",),
        up=f"""\
op.add_column("products", sa.Column("stock", sa.Integer))
import os, pathlib
if not pathlib.Path({str(tmp_path / "healed")!r}).exists():
    os.kill(os.getpid(), 9)
op.add_column("products", sa.Column("place", sa.String(20)))""",
    )
    place = Served(tmp_path, either, [PRODUCTS, PRICE, dies], at="bbbb1")
    with pytest.raises(ChildDied, match="1 statement had been"):
        apply(place.target, place.plan())
    place.run("UPDATE console_journal SET state = 'started' WHERE statement LIKE '%stock%'")
    with pytest.raises(ChildDied, match="1 statement had been"):
        apply(place.target, place.plan())
    (tmp_path / "healed").touch()
    assert apply(place.target, place.plan()).heads == ("cccc1",)


def test_a_statement_that_outlives_its_process_is_ended(tmp_path: Path, either: str) -> None:
    sleep = Sample("cccc1", ("bbbb1",), up='op.execute("DO SLEEP(3)")')
    place = Served(tmp_path, either, [PRODUCTS, PRICE, sleep], at="bbbb1")
    begun = time.monotonic()
    assert "Nothing was changed" in kill_in_step(place, 1)
    assert time.monotonic() - begun < 20
    assert place.ask(
        "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'DO SL%'"
    ) == [0]


def test_of_two_runs_at_once_exactly_one_applies(tmp_path: Path, either: str) -> None:
    place = Served(tmp_path, either, [PRODUCTS, PRICE], at="aaaa1")
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
