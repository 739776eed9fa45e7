"""The doctor tells what a killed plan with autocommit blocks has left, and every way out of it works."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from console.schema.diagnosis import diagnose
from console.schema.errors import ChildDied, MigrationFailed, RunCancelled
from console.schema.executor import apply
from console.schema.halfway import read_halfway
from console.schema.interruption import find_interruption
from console.schema.mend import mend, try_out
from console.services.audit import list_entries
from console.store.store import Store
from tests.histories.place import PRICE, PRODUCTS
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.processes import kill_migrations
from tests.servers import engine_of
from tests.services.test_doctor import look, remedy, take

UP = """\
op.add_column("products", sa.Column("stock", sa.Integer, server_default="0"))
op.execute("UPDATE products SET stock = stock + 1")
with op.get_context().autocommit_block():
    op.create_index("by_stock", "products", ["stock"], postgresql_concurrently=True)
    {}
    op.execute("VACUUM products")
    op.create_index("by_weight", "products", ["weight"], postgresql_concurrently=True)
op.add_column("reviews", sa.Column("stars", sa.Integer))"""
DOWN = """\
op.drop_column("reviews", "stars")
with op.get_context().autocommit_block():
    op.drop_index("by_weight", "products", postgresql_concurrently=True)
    op.drop_index("by_stock", "products", postgresql_concurrently=True)
op.drop_column("products", "stock")"""
REPEATED = """\
op.add_column("products", sa.Column("stock", sa.Integer))
fill = sa.text("UPDATE products SET stock = 5 WHERE id = :id")
with op.get_context().autocommit_block():
    op.get_bind().execute(fill, {{"id": 1}})
    op.get_bind().execute(fill, {{"id": 2}})
    {}
    op.get_bind().execute(fill, {{"id": 3}})
op.add_column("reviews", sa.Column("stars", sa.Integer))"""
INDEXES = "SELECT indexname FROM pg_indexes WHERE tablename = 'products' ORDER BY 1"
WAITS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND query LIKE '{} INDEX CONCURRENTLY%' AND wait_event IN ('virtualxid', 'relation')"
)


def killed(tmp_path: Path, url: str, up: str = UP) -> Served:
    """A run whose process was killed in the middle, which is after the first index; what its file says
    stays the same."""
    flag, reached = tmp_path / "slow", tmp_path / "reached"
    flag.touch()
    place = Served(tmp_path, url, [PRODUCTS, PRICE], at="bbbb1")
    wait = "import pathlib, time\n    "
    wait += f"if pathlib.Path({str(flag)!r}).exists(): "
    wait += f"pathlib.Path({str(reached)!r}).touch(); time.sleep(60)"
    place.write(Sample("cccc1", ("bbbb1",), up=up.format(wait), down=DOWN))
    with pytest.raises(RunCancelled, match="3 statements had been executed"):
        apply(place.target, place.plan(), cancelled=reached.exists)
    flag.unlink()
    return place


def kill_while(place: Served, verb: str, act: Callable[[], object]) -> BaseException | None:
    """Do something, and kill its process while a statement waits for a transaction of somebody else;
    return what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except Exception as error:
            raised.append(error)

    with engine_of(place.url).connect() as other:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("UPDATE products SET weight = weight WHERE id = 1")
        thread = threading.Thread(target=run)
        thread.start()
        while place.ask(WAITS.format(verb)) != [1]:
            assert thread.is_alive()
        kill_migrations(os.getpid())
        thread.join()
        other.exec_driver_sql("COMMIT")
    return raised[0] if raised else None


def test_every_statement_is_told_and_the_undo_runs_outside_of_a_transaction(
    tmp_path: Path, postgresql: str, store: Store
) -> None:
    place = killed(tmp_path, postgresql)
    (ailment,) = look(store, place)
    assert ailment.text == "cccc1 is applied in part: 3 of 6 statements, as its journal tells."
    assert [" ".join(detail.split()[:4]) for detail in ailment.details] == [
        "applied: ALTER TABLE products",
        "applied: UPDATE products SET",
        "applied: CREATE INDEX CONCURRENTLY",
        "missing: VACUUM products",
        "missing: CREATE INDEX CONCURRENTLY",
        "missing: ALTER TABLE reviews",
    ]
    stamp = next(one for one in ailment.remedies if one.kind == "stamp")
    assert "no stamp would be true" in stamp.refusal
    undo = remedy(ailment, "undo")
    assert undo.preview == (
        "DROP INDEX CONCURRENTLY by_stock",
        "ALTER TABLE products DROP COLUMN stock",
    )
    assert "column stock removed, 3 values lost" in undo.effect[0]
    take(ailment, "undo")
    assert look(store, place) == []
    assert place.ask(INDEXES) == ["products_pkey"]
    assert place.ask("SELECT relname FROM pg_class WHERE relname LIKE 'console%'") == []
    entry = list_entries(store)[0]
    assert entry.data is not None
    assert entry.data["statements"] == list(undo.preview)


def test_it_is_gone_on_with_after_the_last_statement_that_was_executed(
    tmp_path: Path, postgresql: str, store: Store
) -> None:
    place = killed(tmp_path, postgresql)
    (ailment,) = look(store, place)
    assert [" ".join(sql.split()[:3]) for sql in remedy(ailment, "resume").preview] == [
        "VACUUM products",
        "CREATE INDEX CONCURRENTLY",
        "ALTER TABLE reviews",
    ]
    take(ailment, "resume")
    assert look(store, place) == []
    assert place.ask("SELECT DISTINCT stock FROM products") == [1]
    assert place.ask(INDEXES) == ["by_stock", "by_weight", "products_pkey"]


def test_whether_a_statement_is_repeated_once_more_is_not_known(
    tmp_path: Path, postgresql: str, store: Store
) -> None:
    place = killed(tmp_path, postgresql, REPEATED)
    (ailment,) = look(store, place)
    assert [" ".join(detail.split()[:3]) for detail in ailment.details] == [
        "applied: ALTER TABLE",
        "applied: UPDATE products",
        "applied: UPDATE products",
        "unknown: UPDATE products",
        "missing: ALTER TABLE",
    ]


def killed_while_it_builds(tmp_path: Path, url: str, up: str) -> Served:
    """A run that was killed while it waited for others, to finish the index of the reviews."""
    place = Served(tmp_path, url, [PRODUCTS, PRICE], at="bbbb1")
    block = """
with op.get_context().autocommit_block():
    op.create_index("by_product", "reviews", ["product_id"], postgresql_concurrently=True)"""
    place.write(Sample("cccc1", ("bbbb1",), up=up + block))
    with engine_of(place.url).connect() as other:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("UPDATE reviews SET text = text WHERE id = 1")

        def waits() -> bool:
            return bool(place.ask(WAITS.format("CREATE")) == [1])

        with pytest.raises(RunCancelled, match="by_product of reviews was left invalid"):
            apply(place.target, place.plan(), cancelled=waits)
        other.exec_driver_sql("COMMIT")
    return place


def test_a_build_that_was_killed_is_named_and_dropped_on_request(
    tmp_path: Path, postgresql: str, store: Store
) -> None:
    up = 'op.add_column("products", sa.Column("stock", sa.Integer))'
    place = killed_while_it_builds(tmp_path, postgresql, up)
    invalid, half = look(store, place)
    assert (invalid.code, half.code) == ("invalid-index", "half-applied")
    assert "by_product of reviews was never finished" in invalid.text
    assert half.text == "cccc1 is applied in part: 1 of 2 statements, as its journal tells."
    assert half.details[1].startswith("missing: CREATE INDEX CONCURRENTLY by_product")
    take(invalid, "clean")
    (half,) = look(store, place)
    take(half, "resume")
    assert look(store, place) == []


def test_an_undo_that_was_killed_is_not_taken_for_what_it_began_with(
    tmp_path: Path, postgresql: str, store: Store
) -> None:
    place = killed(tmp_path, postgresql)
    (ailment,) = look(store, place)
    assert isinstance(kill_while(place, "DROP", lambda: take(ailment, "undo")), ChildDied)
    *invalid, half = look(store, place)  # the server may have dropped it yet
    for one in invalid:
        take(one, "clean")
    assert half.text == "cccc1 is applied in part: 1 of 6 statements, as the schema tells."
    assert "cannot be told: UPDATE products" in next(
        one.refusal for one in half.remedies if one.kind == "resume"
    )
    (half,) = look(store, place)
    assert remedy(half, "undo").preview == ("ALTER TABLE products DROP COLUMN stock",)


def test_an_undo_that_changed_nothing_leaves_the_journal_as_it_is(
    tmp_path: Path, postgresql: str
) -> None:
    place = killed(tmp_path, postgresql)
    found = find_interruption(place.target, diagnose(place.target))
    assert found is not None
    tried = try_out(place.target, found, found.undo, workspace=place.workspace)
    assert tried.mend is not None
    first = replace(tried.mend, statements=tried.mend.statements[::-1])
    with engine_of(place.url).connect() as other:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("SELECT * FROM products")
        with pytest.raises(MigrationFailed, match="lock timeout"):
            mend(place.target, replace(tried, mend=first), lock_wait=0.2)
        other.exec_driver_sql("COMMIT")
    halfway = read_halfway(place.target)
    assert halfway is not None
    assert len(halfway.done) == 3


def test_what_plain_alembic_left_is_completed_outside_of_a_transaction(
    tmp_path: Path, postgresql: str
) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS, PRICE], at="bbbb1")
    up = UP.replace('op.execute("UPDATE products SET stock = stock + 1")\n', "")
    place.write(Sample("cccc1", ("bbbb1",), up=up.format("pass"), down=DOWN))
    place.run("ALTER TABLE products ADD COLUMN stock INTEGER DEFAULT '0'")
    place.run("CREATE INDEX by_stock ON products (stock)")
    found = find_interruption(place.target, diagnose(place.target))
    assert found is not None
    assert [one.state for one in found.statements] == [
        "applied",
        "applied",
        "unknown",  # a VACUUM leaves nothing to see
        "missing",
        "missing",
    ]
    tried = try_out(place.target, found, found.resume, workspace=place.workspace)
    assert [" ".join(sql.split()[:3]) for sql in tried.statements] == [
        "VACUUM products",
        "CREATE INDEX CONCURRENTLY",
        "ALTER TABLE reviews",
    ]
    mend(place.target, tried)
    assert place.ask(INDEXES) == ["by_stock", "by_weight", "products_pkey"]
    assert diagnose(place.target).is_sound


def test_an_invalid_index_in_the_way_is_named(tmp_path: Path, postgresql: str) -> None:
    block = "with op.get_context().autocommit_block():\n    "
    up = 'op.create_index("one_of", "reviews", ["product_id"], postgresql_concurrently=True)'
    place = Served(tmp_path, postgresql, [PRODUCTS, PRICE], at="bbbb1")
    column = 'op.add_column("products", sa.Column("stock", sa.Integer))\n'
    place.write(Sample("cccc1", ("bbbb1",), up=column + block + up))
    place.run("ALTER TABLE products ADD COLUMN stock INTEGER")
    with pytest.raises(IntegrityError):
        place.run("CREATE UNIQUE INDEX CONCURRENTLY one_of ON reviews (product_id)")
    found = find_interruption(place.target, diagnose(place.target))
    assert found is not None
    tried = try_out(place.target, found, found.resume, workspace=place.workspace)
    assert "The invalid index one_of of reviews stands in the way." in tried.refusal
