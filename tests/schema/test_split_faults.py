"""Whenever a process or a session dies, what a plan with autocommit blocks has done is known, and it
goes on."""

import ast
import os
import random
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from console.schema.errors import ChildDied, MigrationFailed, RunError
from console.schema.executor import apply
from console.schema.halfway import read_halfway
from console.schema.history import read_history
from console.schema.invalid_index import find_invalid_indexes
from console.schema.progress import Event
from console.schema.standing import read_standing
from tests.histories.place import PRICE, PRODUCTS
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.processes import kill_migrations
from tests.servers import engine_of

KILLS = int(os.environ.get("CONSOLE_TEST_KILLS", "3"))
INDEX = Sample(
    "cccc1",
    ("bbbb1",),
    message="Index the names",
    up="""\
with op.get_context().autocommit_block():
    op.create_index("by_name", "products", ["name"], postgresql_concurrently=True)""",
    down="""\
with op.get_context().autocommit_block():
    op.drop_index("by_name", "products", postgresql_concurrently=True)""",
)
MIXED = Sample(
    "dddd1",
    ("cccc1",),
    message="Add a stock",
    up="""\
op.add_column("products", sa.Column("stock", sa.Integer, server_default="0"))
op.execute("UPDATE products SET stock = stock + 1")
with op.get_context().autocommit_block():
    for first in range(0, 5000, 500):
        op.execute(f"UPDATE products SET stock = stock + 10 WHERE id > {first} AND id <= {first + 500}")
    op.create_index("by_stock", "products", ["stock"], postgresql_concurrently=True)
    op.execute("SELECT setval('products_id_seq', nextval('products_id_seq') + 100)")
    op.execute("REINDEX INDEX CONCURRENTLY by_name")
op.execute("UPDATE products SET stock = stock + 100")
op.alter_column("products", "name", type_=sa.String(120))""",
    down="""\
with op.get_context().autocommit_block():
    op.drop_index("by_stock", "products", postgresql_concurrently=True)
    op.execute("REINDEX TABLE CONCURRENTLY products")
op.drop_column("products", "stock")
op.alter_column("products", "name", type_=sa.String(80))""",
)
BACKFILL = Sample(
    "eeee1",
    ("dddd1",),
    message="Fill in the prices",
    up="""\
connection = op.get_bind()
for first in range(0, 5000, 250):
    connection.execute(
        sa.text("UPDATE products SET price = weight * 2 WHERE id > :a AND id <= :b"),
        {"a": first, "b": first + 250},
    )""",
    down='op.execute("UPDATE products SET price = NULL")',
)
MANY = """
DELETE FROM reviews;
DELETE FROM products;
INSERT INTO products (id, name, weight) SELECT i, 'product ' || i, i FROM generate_series(1, 5000) i;
SELECT setval('products_id_seq', 5000)
"""
SESSION = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"


@pytest.fixture
def place(tmp_path: Path, postgresql: str) -> Served:
    """5,000 products, four revisions behind: a transaction, a block, both, and a backfill."""
    place = Served(tmp_path, postgresql, [PRODUCTS, PRICE, INDEX, MIXED, BACKFILL], at="aaaa1")
    place.run(MANY)
    return place


def test_a_build_that_could_not_say_that_it_is_done_stays_known_over_a_second_death(
    tmp_path: Path, postgresql: str
) -> None:
    dies = Sample(
        "cccc1",
        ("bbbb1",),
        up=f"""\
import os, pathlib
with op.get_context().autocommit_block():
    op.create_index("by_name", "products", ["name"], postgresql_concurrently=True)
    if not pathlib.Path({str(tmp_path / "healed")!r}).exists():
        os.kill(os.getpid(), 9)
    op.create_index("by_weight", "products", ["weight"], postgresql_concurrently=True)""",
    )
    place = Served(tmp_path, postgresql, [PRODUCTS, PRICE, dies], at="bbbb1")
    with pytest.raises(ChildDied, match="1 statement had been"):
        apply(place.target, place.plan())
    place.run("UPDATE console_journal SET state = 'started' WHERE statement LIKE '%by_name%'")
    with pytest.raises(ChildDied, match="1 statement had been"):
        apply(place.target, place.plan())
    (tmp_path / "healed").touch()
    assert apply(place.target, place.plan()).heads == ("cccc1",)


DIE = """\
def die(label):
    import os, pathlib
    mark = pathlib.Path({folder!r}, label)
    if mark.exists():
        mark.unlink()
        os.kill(os.getpid(), 9)
"""


def mortal(body: str, folder: Path, name: str, labels: list[str]) -> str:
    """A revision's function that dies after a statement if a file of that label is there, once."""
    tree = ast.parse(body)
    for node in [tree, *(n for n in ast.walk(tree) if isinstance(n, (ast.With, ast.For)))]:
        lines: list[ast.stmt] = []
        for statement in node.body:
            labels.append(f"{name}-{len(labels)}")
            lines += [statement, *ast.parse(f"die({labels[-1]!r})").body]
        node.body = lines
    return DIE.format(folder=str(folder)) + ast.unparse(tree)


def test_a_death_after_any_statement_is_recovered_without_a_person(place: Served) -> None:
    up, down = list[str](), list[str]()
    for sample in (INDEX, MIXED, BACKFILL):
        place.write(
            replace(
                sample,
                up=mortal(sample.up, place.folder, f"{sample.id}-up", up),
                down=mortal(sample.down, place.folder, f"{sample.id}-down", down),
            )
        )
    place.write(replace(PRICE, up=mortal(PRICE.up, place.folder, "first", [])))
    (place.folder / "first-0").touch()
    with pytest.raises(ChildDied, match="Nothing was changed"):
        apply(place.target, place.plan())
    place.write(PRICE)
    down = [
        label for label in down if not label.startswith(BACKFILL.id)
    ]  # the first of the way back
    for number, label in enumerate(up):
        (place.folder / label).touch()
        assert "went on" in applied(place, "head"), label
        check_end(place)
        (place.folder / down[number % len(down)]).touch()
        assert "went on" in applied(place, "aaaa1"), down[number % len(down)]
        assert find_invalid_indexes(place.target) == ()
        assert place.ask("SELECT indexname FROM pg_indexes WHERE tablename = 'products'") == [
            "products_pkey"
        ]
        place.run("SELECT setval('products_id_seq', 5000)")


def applied(place: Served, goal: str) -> str:
    """Apply; whether it "went on" after a death."""
    events: list[Event] = []
    apply(place.target, place.plan(goal), progress=events.append)
    return "went on" if any("going on after" in e.text for e in events) else "did not die"


def heads(place: Served) -> tuple[str, ...]:
    """Where the database stands."""
    return read_standing(place.target, read_history(place.target)).heads


def check_end(place: Served) -> None:
    """Every statement has been executed, and exactly once, however often a process died."""
    assert heads(place) == ("eeee1",)
    assert place.ask("SELECT DISTINCT stock FROM products") == [111]
    assert place.ask("SELECT count(*) FROM products WHERE price = weight * 2") == [5000]
    assert place.ask("SELECT last_value FROM products_id_seq") == [5101]
    assert find_invalid_indexes(place.target) == ()
    assert place.ask(
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "WHERE i.indrelid = 'products'::regclass ORDER BY 1"
    ) == ["by_name", "by_stock", "products_pkey"]
    halfway = read_halfway(place.target)
    assert halfway is None or halfway.is_clean


def start_again(place: Served) -> None:
    """Take everything back."""
    apply(place.target, place.plan("aaaa1"))
    place.run("SELECT setval('products_id_seq', 5000)")


def test_a_session_that_is_ended_leaves_nothing_in_doubt(place: Served) -> None:
    chance = random.Random(19)
    for _ in range(KILLS):
        ended = threading.Timer(chance.random() * 1.5, place.ask, [SESSION])

        def watch(event: Event, ended: threading.Timer = ended) -> None:
            if event.kind == "step-started" and not ended.ident:
                ended.start()

        said = ""
        try:
            apply(place.target, place.plan(), progress=watch)
        except RunError as error:
            said = str(error)
        ended.cancel()
        if said:
            stands = ", ".join(heads(place))
            assert f"The database stands at {stands}" in said or stands == "aaaa1"
            apply(place.target, place.plan())
        ended.join()
        check_end(place)
        start_again(place)


def test_a_build_whose_process_dies_is_dropped_and_begun_again(place: Served) -> None:
    other = engine_of(place.url).connect()
    other.exec_driver_sql("BEGIN")
    other.exec_driver_sql("UPDATE reviews SET text = 'x'")  # the build waits for it
    other.exec_driver_sql("UPDATE products SET weight = weight WHERE id = 1")
    waits = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND query LIKE 'CREATE INDEX%' AND wait_event = 'virtualxid'"
    )
    apply(place.target, place.plan("aaaa1")) if heads(place) != ("aaaa1",) else None
    events: list[Event] = []

    def kill() -> None:
        while place.ask(waits) != [1]:
            pass
        kill_migrations(os.getpid())
        other.exec_driver_sql("COMMIT")
        other.close()

    place.write(Sample("bbbb1", ("aaaa1",), up=INDEX.up, down=INDEX.down))
    killer = threading.Thread(target=kill)
    killer.start()
    outcome = apply(place.target, place.plan("bbbb1"), progress=events.append)
    killer.join()
    assert outcome.heads == ("bbbb1",)
    assert any("going on after" in event.text for event in events)
    assert find_invalid_indexes(place.target) == ()


def test_a_process_that_dies_again_and_again_says_what_it_has_done(place: Served) -> None:
    dies = Sample("cccc1", ("bbbb1",), up=INDEX.up + "\nimport os\nos.kill(os.getpid(), 9)")
    place.write(dies)
    with pytest.raises(ChildDied, match=r"stands at bbbb1. Of revision cccc1 1 statement had been"):
        apply(place.target, place.plan("cccc1"))
    halfway = read_halfway(place.target)
    assert halfway is not None
    assert [record.statement for record in halfway.done] == [
        "CREATE INDEX CONCURRENTLY by_name ON products (name)"
    ]


def test_what_a_statement_returned_is_given_again(place: Served) -> None:
    up = """\
made = op.get_bind().execute(sa.text("INSERT INTO reviews (id, product_id) VALUES (7, 1) RETURNING id, text"))
number = made.one()
with op.get_context().autocommit_block():
    op.execute("VACUUM reviews")
op.execute(f"UPDATE reviews SET text = 'number {number.id} {number.text}' WHERE id = {number[0]}")
op.execute("INSERT INTO reviews (id, product_id) VALUES (8, 9999)")"""
    place.write(Sample("bbbb1", ("aaaa1",), up=up))
    with pytest.raises(MigrationFailed, match="2 statements had been executed"):
        apply(place.target, place.plan("bbbb1"))
    place.run("INSERT INTO products (id, name) VALUES (9999, 'Desk')")
    assert apply(place.target, place.plan("bbbb1")).heads == ("bbbb1",)
    assert place.ask("SELECT text FROM reviews ORDER BY id") == ["number 7 None", None]


@pytest.mark.parametrize(
    "up",
    [
        "op.get_bind().execute(sa.text(\"SELECT nextval('products_id_seq')\"))",
        'op.execute("CREATE TEMPORARY TABLE kept AS SELECT id FROM products")',
        'op.get_bind().execute(sa.text("INSERT INTO reviews (id, product_id) VALUES (7, 1) RETURNING now()"))',
    ],
)
def test_what_cannot_be_done_again_is_told(place: Served, up: str) -> None:
    up += """
op.execute("UPDATE products SET weight = weight + 1")
with op.get_context().autocommit_block():
    op.execute("VACUUM reviews")
op.execute("INSERT INTO reviews (id, product_id) VALUES (8, 9999)")"""
    place.write(Sample("bbbb1", ("aaaa1",), up=up))
    with pytest.raises(MigrationFailed, match="had been executed"):
        apply(place.target, place.plan("bbbb1"))
    with pytest.raises(MigrationFailed, match="cannot go on by itself"):
        apply(place.target, place.plan("bbbb1"))
    assert place.ask("SELECT weight FROM products WHERE id = 3") == [4]


def test_an_outside_upgrade_in_the_middle_is_noticed(place: Served) -> None:
    def watch(event: Event) -> None:
        if event.kind == "step-finished" and event.revision == "bbbb1":
            with engine_of(place.url).connect() as other:
                other.exec_driver_sql("SET lock_timeout = '10s'")
                other.exec_driver_sql("UPDATE alembic_version SET version_num = 'eeee1'")

    with pytest.raises((MigrationFailed, DBAPIError)) as caught:
        apply(place.target, place.plan(), progress=watch)
    said = str(caught.value)
    assert "The database stands at eeee1" in said or "eeee1 while the plan ran" in said


def test_an_index_that_stays_invalid_after_a_cancel_is_told_once(place: Served) -> None:
    building = "query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'"
    cancel = (
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = current_database() AND {building}"
    )

    def watch() -> None:
        deadline = time.monotonic() + 30
        while not place.ask(cancel) and time.monotonic() < deadline:
            time.sleep(0.05)

    apply(place.target, place.plan("bbbb1"))
    with engine_of(place.url).connect() as other:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("UPDATE products SET name = name WHERE id = 1")
        watcher = threading.Thread(target=watch)
        watcher.start()
        with pytest.raises(MigrationFailed) as caught:
            apply(place.target, place.plan("cccc1"), lock_wait=1)
        watcher.join()
    assert "canceling statement due to user request" in str(caught.value)
    assert str(caught.value).count("was left invalid") == 1
    assert apply(place.target, place.plan("cccc1")).heads == ("cccc1",)
