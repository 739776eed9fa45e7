"""Deaths and races on MariaDB and MySQL, one by one; tests/bench has the random ones."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from console.schema.errors import ChildDied, ConnectionLost, PlanChanged
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


def test_a_statement_that_fails_and_is_caught_is_not_taken_for_done(
    tmp_path: Path, either: str
) -> None:
    dies = Sample(
        "cccc1",
        ("bbbb1",),
        up=f"""\
try:
    op.add_column("products", sa.Column("price", sa.Integer))
except Exception:
    op.add_column("products", sa.Column("stock", sa.Integer))
import os, pathlib
if not pathlib.Path({str(tmp_path / "healed")!r}).exists():
    os.kill(os.getpid(), 9)
op.add_column("products", sa.Column("place", sa.String(20)))""",
    )
    place = Served(tmp_path, either, [PRODUCTS, PRICE, dies], at="bbbb1")
    with pytest.raises(ChildDied, match="1 statement had been"):
        apply(place.target, place.plan())
    halfway = read_halfway(place.target)
    assert halfway is not None
    assert [(one.number, one.statement) for one in halfway.done] == [
        (2, "ALTER TABLE products ADD COLUMN stock INTEGER")
    ]
    (tmp_path / "healed").touch()
    assert apply(place.target, place.plan()).heads == ("cccc1",)


def test_rows_that_were_exchanged_with_a_partition_are_not_exchanged_again_after_a_death(
    tmp_path: Path, either: str
) -> None:
    parted = Sample(
        "bbbb1",
        ("aaaa1",),
        up="""\
op.execute("CREATE TABLE sold (id INT) PARTITION BY RANGE (id) (PARTITION few VALUES LESS THAN (99))")
op.execute("CREATE TABLE just_sold (id INT)")
op.execute("INSERT INTO sold VALUES (7)")""",
    )
    dies = Sample(
        "cccc1",
        ("bbbb1",),
        up=f"""\
op.execute("SET autocommit = 1")  # MariaDB locks itself out without
op.execute("ALTER TABLE sold EXCHANGE PARTITION few WITH TABLE just_sold")
op.execute("SET autocommit = 0")
import os, pathlib
if not pathlib.Path({str(tmp_path / "healed")!r}).exists():
    os.kill(os.getpid(), 9)
op.drop_table("sold")""",
    )
    place = Served(tmp_path, either, [PRODUCTS, parted, dies], at="bbbb1")
    with pytest.raises(ChildDied, match="1 statement had been"):
        apply(place.target, place.plan())
    place.run("UPDATE console_journal SET state = 'started' WHERE statement LIKE '%EXCHANGE%'")
    (tmp_path / "healed").touch()
    assert apply(place.target, place.plan()).heads == ("cccc1",)
    assert place.ask("SELECT id FROM just_sold") == [7]


def test_what_a_migration_takes_back_stays_out_of_the_journal_and_what_it_cannot_stays_in(
    tmp_path: Path, either: str
) -> None:
    dies = Sample(
        "cccc1",
        ("bbbb1",),
        up=f"""\
op.add_column("products", sa.Column("stock", sa.Integer))
op.execute("UPDATE products SET stock = 1")
op.get_bind().connection.dbapi_connection.rollback()
op.execute("UPDATE products SET stock = 2")
op.create_table("places", sa.Column("id", sa.Integer, primary_key=True))
op.drop_table("places")
import os, pathlib
if not pathlib.Path({str(tmp_path / "healed")!r}).exists():
    os.kill(os.getpid(), 9)""",
    )
    place = Served(tmp_path, either, [PRODUCTS, PRICE, dies], at="bbbb1")
    with pytest.raises(ChildDied, match="4 statements had been"):
        apply(place.target, place.plan())
    halfway = read_halfway(place.target)
    assert halfway is not None
    assert [one.number for one in halfway.done] == [1, 3, 4, 5]
    (tmp_path / "healed").touch()
    assert apply(place.target, place.plan()).heads == ("cccc1",)
    assert set(place.ask("SELECT stock FROM products")) == {2}


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


def test_a_step_may_think_for_longer_than_a_session_may_be_idle(
    tmp_path: Path, either: str
) -> None:
    thinks = Sample(
        "bbbb1",
        ("aaaa1",),
        up='import time\ntime.sleep(2.5)\nop.add_column("products", sa.Column("stock", sa.Integer))',
    )
    place = Served(tmp_path, either, [PRODUCTS, thinks], at="aaaa1")
    impatient = {"init_command": "SET SESSION wait_timeout = 1"}
    url = make_url(place.url).update_query_dict(impatient).render_as_string(hide_password=False)
    place.target = replace(place.target, url=url)
    assert apply(place.target, place.plan()).heads == ("bbbb1",)


def test_a_session_that_was_ended_says_why_that_may_be_and_what_stays(
    tmp_path: Path, either: str
) -> None:
    ended = Sample(
        "cccc1",
        ("bbbb1",),
        up="""\
op.execute("SET SESSION wait_timeout = 1")
import time
time.sleep(2.5)
op.add_column("products", sa.Column("stock", sa.Integer))""",
    )
    place = Served(tmp_path, either, [PRODUCTS, PRICE, ended], at="aaaa1")
    with pytest.raises(ConnectionLost) as caught:
        apply(place.target, place.plan())
    said = str(caught.value)
    assert said.startswith("The connection to the database was lost")
    assert "(0, '')" not in said
    assert "for as long as wait_timeout says" in said
    assert said.endswith("The database stands at bbbb1, and nothing else was executed.")
    with pytest.raises(ConnectionLost, match=r"or split it\. Nothing was changed\.$"):
        apply(place.target, place.plan())
