"""A plan on PostgreSQL that leaves its transaction runs with a journal, and is never in doubt."""

import threading
from pathlib import Path

import pytest

from console.schema.errors import DataLost, MigrationFailed, PlanChanged, TargetLocked, Unsupported
from console.schema.executor import apply
from console.schema.halfway import read_halfway
from console.schema.history import read_history
from console.schema.invalid_index import find_invalid_indexes
from console.schema.progress import Event
from console.schema.standing import read_standing
from tests.histories.place import PRICE, PRODUCTS
from tests.histories.script_folder import ENVIRONMENT, Sample
from tests.histories.served import Served
from tests.servers import engine_of

BLOCK = "with op.get_context().autocommit_block():\n    "
# As the hazard index-not-concurrent says to write it.
INDEX = Sample(
    "cccc1",
    ("bbbb1",),
    up=BLOCK
    + 'op.create_index("by_name", "products", ["name"], postgresql_concurrently=True, if_not_exists=True)',
    down=BLOCK + 'op.drop_index("by_name", "products", postgresql_concurrently=True)',
)
MIXED = Sample(
    "cccc1",
    ("bbbb1",),
    up="""\
op.add_column("products", sa.Column("stock", sa.Integer, server_default="0"))
op.execute("UPDATE products SET stock = stock + 1")
with op.get_context().autocommit_block():
    op.execute("UPDATE products SET stock = stock + 10")
    op.create_index("by_stock", "products", ["stock"], postgresql_concurrently=True)
    op.execute("VACUUM products")
op.execute("UPDATE products SET stock = stock + 100")
op.execute("INSERT INTO reviews (id, product_id) VALUES (10, 99)")""",
    down='op.drop_column("products", "stock")',
)


@pytest.fixture
def place(tmp_path: Path, postgresql: str) -> Served:
    """Three products and three reviews, one revision behind."""
    return Served(tmp_path, postgresql, [PRODUCTS, PRICE], at="aaaa1")


def after_price(up: str, down: str = "pass") -> Sample:
    """A revision upon the price that does this."""
    return Sample("cccc1", ("bbbb1",), up=up, down=down)


def heads(place: Served) -> tuple[str, ...]:
    """Where the database stands."""
    return read_standing(place.target, read_history(place.target)).heads


def failure(place: Served, goal: str = "head") -> str:
    """Apply, and return how it failed."""
    with pytest.raises(MigrationFailed) as caught:
        apply(place.target, place.plan(goal))
    return str(caught.value)


def index_names(place: Served) -> list[str]:
    """The valid indexes of products, without its primary key."""
    return place.ask(
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "WHERE i.indrelid = 'products'::regclass AND i.indisvalid AND NOT i.indisprimary ORDER BY 1"
    )


def journal(place: Served) -> list[str]:
    """The journal's table, if it is there."""
    return place.ask("SELECT relname FROM pg_class WHERE relname = 'console_journal'")


def test_the_rewrite_that_a_hazard_recommends_is_applied_and_taken_back(place: Served) -> None:
    place.write(INDEX)
    outcome = apply(place.target, place.plan())
    assert outcome.heads == ("cccc1",)
    assert index_names(place) == ["by_name"]
    assert [s.sql for s in outcome.steps[1].statements][:1] == [
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS by_name ON products (name)"
    ]
    assert outcome.ledger.is_clean
    assert outcome.ledger.objects_gained == (("index", "by_name"),)
    assert apply(place.target, place.plan("aaaa1")).heads == ("aaaa1",)
    assert index_names(place) == []
    assert journal(place) == []


def test_it_is_rehearsed_with_its_way_back(place: Served) -> None:
    place.write(INDEX)
    before = place.dump()
    rehearsal = place.rehearse()
    assert rehearsal.error is None
    assert rehearsal.ledger is not None
    assert rehearsal.ledger.objects_gained == (("index", "by_name"),)
    assert rehearsal.way_back is not None
    assert rehearsal.way_back.error is None
    assert not rehearsal.way_back.difference
    assert place.dump() == before
    assert journal(place) == []


def test_a_failure_half_way_says_exactly_what_stays(place: Served) -> None:
    place.write(MIXED)
    error = failure(place)
    assert "violates foreign key constraint" in error
    assert (
        ". The database stands at bbbb1. Of revision cccc1 5 statements had been executed" in error
    )
    assert "VACUUM products" in error
    assert "stock + 100" not in error
    assert heads(place) == ("bbbb1",)
    assert set(place.ask("SELECT stock FROM products")) == {11}
    assert index_names(place) == ["by_stock"]


def test_a_plan_made_again_goes_on_after_what_was_done(place: Served) -> None:
    place.write(MIXED)
    failure(place)
    place.run("INSERT INTO products (id, name, stock) VALUES (99, 'Desk', 11)")
    assert place.rehearse().error is None
    outcome = apply(place.target, place.plan())
    assert outcome.heads == ("cccc1",)
    assert set(place.ask("SELECT stock FROM products")) == {111}
    assert read_halfway(place.target) is None
    assert journal(place) == []


def test_no_other_plan_goes_on_with_it(place: Served) -> None:
    place.write(MIXED)
    failure(place)
    place.write(after_price("pass"))
    with pytest.raises(PlanChanged, match=r"stopped half-way .* drop the table console_journal"):
        apply(place.target, place.plan())
    with pytest.raises(PlanChanged, match="stopped half-way"):
        apply(place.target, place.plan("aaaa1"))


def test_a_unique_index_on_duplicates_leaves_nothing(place: Served) -> None:
    up = (
        BLOCK
        + 'op.create_index("one", "reviews", ["product_id"], unique=True, postgresql_concurrently=True)'
    )
    place.write(after_price(up))
    error = failure(place)
    assert "UniqueViolation: could not create unique index" in error
    assert "The index one of reviews, which it had left invalid, was dropped." in error
    assert "The database stands at bbbb1, and nothing else was executed." in error
    assert find_invalid_indexes(place.target) == ()
    place.run("DELETE FROM reviews WHERE id = 2")
    assert apply(place.target, place.plan()).heads == ("cccc1",)


def test_an_index_that_was_invalid_before_is_not_taken_for_a_good_one(place: Served) -> None:
    with pytest.raises(Exception, match="could not create unique"):
        place.run("CREATE UNIQUE INDEX CONCURRENTLY by_product ON reviews (product_id)")
    up = BLOCK + (
        'op.create_index("by_product", "reviews", ["product_id"], postgresql_concurrently=True, '
        "if_not_exists=True)"
    )
    place.write(after_price(up))
    assert "was there before and is not valid" in failure(place)
    assert [index.name for index in find_invalid_indexes(place.target)] == ["by_product"]


def test_a_value_added_in_a_block_can_be_used_after_it(place: Served) -> None:
    place.run("CREATE TYPE mood AS ENUM ('sad');\nALTER TABLE products ADD mood mood")
    place.write(
        after_price(
            BLOCK
            + "op.execute(\"ALTER TYPE mood ADD VALUE 'happy'\")\n"
            + "op.execute(\"UPDATE products SET mood = 'happy'\")"
        )
    )
    assert place.rehearse().error is None
    assert apply(place.target, place.plan()).heads == ("cccc1",)
    assert set(place.ask("SELECT mood FROM products")) == {"happy"}


def test_a_long_transaction_of_somebody_else_is_waited_for(place: Served) -> None:
    place.write(INDEX)
    apply(place.target, place.plan("bbbb1"))
    other = engine_of(place.url).connect()
    other.exec_driver_sql("BEGIN")
    other.exec_driver_sql("UPDATE products SET weight = 1 WHERE id = 1")
    ends: list[tuple[str, ...]] = []
    run = threading.Thread(target=lambda: ends.append(apply(place.target, place.plan()).heads))
    run.start()
    waits = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND query LIKE 'CREATE INDEX%' AND wait_event = 'virtualxid' "
        "AND query_start < now() - interval '0.5 seconds'"
    )
    while place.ask(waits) != [1]:
        assert run.is_alive()
    other.exec_driver_sql("COMMIT")
    other.close()
    run.join()
    assert ends == [("cccc1",)]


def test_a_transaction_that_does_not_end_is_given_up_and_told(place: Served) -> None:
    place.write(INDEX)
    with engine_of(place.url).connect() as other:
        apply(place.target, place.plan("bbbb1"))
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("UPDATE products SET weight = 1 WHERE id = 1")
        with pytest.raises(
            MigrationFailed, match=r"lock timeout.*by_name of products was left invalid"
        ):
            apply(place.target, place.plan(), lock_wait=0.5)
        other.exec_driver_sql("COMMIT")
    assert [index.name for index in find_invalid_indexes(place.target)] == ["by_name"]
    assert apply(place.target, place.plan()).heads == ("cccc1",)
    assert find_invalid_indexes(place.target) == ()
    assert index_names(place) == ["by_name"]


REVIEWED = Sample(
    "cccc1",
    ("bbbb1",),
    up=BLOCK
    + 'op.create_index("by_product", "reviews", ["product_id"], postgresql_concurrently=True)',
)
SHELF = Sample("dddd1", ("cccc1",), up='op.add_column("products", sa.Column("shelf", sa.Text))')


def test_a_table_that_somebody_reads_is_waited_for_in_short_attempts(place: Served) -> None:
    apply(place.target, place.plan())
    place.write(REVIEWED, SHELF)
    events: list[Event] = []
    with engine_of(place.url).connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT * FROM products")

        def watch(event: Event) -> None:
            events.append(event)
            if "trying again (attempt 3)" in event.text:
                reader.exec_driver_sql("COMMIT")

        outcome = apply(place.target, place.plan(), progress=watch)
    assert outcome.heads == ("dddd1",)
    assert [step.revision for step in outcome.steps] == ["cccc1", "dddd1"]
    started = [event.revision for event in events if event.kind == "step-started"]
    assert started[:4] == ["cccc1", "dddd1", "dddd1", "dddd1"]
    assert "cccc1" not in started[1:]


def test_a_table_that_stays_locked_is_given_up_with_what_stays(place: Served) -> None:
    apply(place.target, place.plan())
    place.write(REVIEWED, SHELF)
    with engine_of(place.url).connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT * FROM products")
        with pytest.raises(TargetLocked, match=r"held locks .* The database stands at cccc1"):
            apply(place.target, place.plan(), lock_wait=1)
    assert heads(place) == ("cccc1",)
    assert apply(place.target, place.plan()).heads == ("dddd1",)


def test_a_block_that_the_file_does_not_show_is_refused(place: Served) -> None:
    place.write(after_price('with getattr(op.get_context(), "autocommit" + "_block")():\n    pass'))
    before = place.dump()
    assert "own upgrade() or downgrade()" in failure(place)
    assert place.dump() == before


def test_a_transaction_of_env_py_cannot_be_left(place: Served) -> None:
    place.write(INDEX)
    place.environment(ENVIRONMENT.replace("engine.connect()", "engine.begin()"))
    before = place.dump()
    with pytest.raises(Unsupported, match=r"env\.py begins a transaction of its own"):
        apply(place.target, place.plan())
    assert place.dump() == before


@pytest.mark.parametrize("word", ["COMMIT", "BEGIN"])
def test_a_plan_never_ends_a_transaction_by_itself(place: Served, word: str) -> None:
    place.write(after_price(BLOCK + f'op.execute("{word}")'))
    assert f"sends {word} itself" in failure(place)


def test_data_lost_against_the_rehearsal_is_said_and_not_taken_back(place: Served) -> None:
    place.write(INDEX)
    rehearsal = place.rehearse()
    lossy = INDEX.up + "\nop.execute('DELETE FROM products WHERE id = 3')"
    place.write(after_price(lossy))
    with pytest.raises(DataLost, match=r"1 row lost.*could not be taken back"):
        apply(place.target, place.plan(), expected=rehearsal.ledger)
    assert journal(place) == []
