"""Where reviews decide, the doctor finishes the very bytes that one approved, and nothing else without
an approver."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from console.services import reviews
from console.services.ailment import Ailment, Remedy
from console.services.audit import list_entries
from console.services.decisions import Policy
from console.services.doctor import examine
from console.services.errors import Forbidden
from console.services.execution import Workshop
from console.services.runner import Runner
from console.services.runs import get_run
from console.store.store import Store
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.world import World

STOCK = Sample(
    "cccc1",
    ("bbbb1",),
    message="Count the stock",
    up="""\
op.add_column("products", sa.Column("stock", sa.Integer))
op.execute("INSERT INTO reviews (id, product_id) SELECT 10, 99 FROM products WHERE id = 1")
op.create_index("by_stock", "products", ["stock"])""",
    down='op.drop_index("by_stock", "products")\nop.drop_column("products", "stock")',
)


@pytest.fixture
def place(tmp_path: Path, either: str) -> Served:
    """A database on which a revision can be left half-way."""
    place = Served(tmp_path, either, [PRODUCTS, PRICE], at="bbbb1")
    place.write(STOCK)
    place.run("INSERT INTO products (id, name) VALUES (99, 'Desk')")
    return place


def stop_half_way(store: Store, world: World, place: Served) -> int:
    """A review is approved and applied, and stops in the middle; what stopped it is gone by now."""
    targets = {"default": place.target}
    runner = Runner(store, targets, place.workspace)
    review = reviews.open_review(store, targets, world.author, target="default", goal="head")
    runner.work(threading.Event(), once=True)
    reviews.approve(store, targets, world.approver, review.id)
    run = reviews.request_apply(store, targets, world.approver, review.id)
    place.run("DELETE FROM products WHERE id = 99")
    runner.work(threading.Event(), once=True)
    assert get_run(store, run.id).state == "failed"
    place.run("INSERT INTO products (id, name) VALUES (99, 'Desk')")
    return review.id


def look(
    store: Store, place: Place, *, unreviewed: bool = False, **options: object
) -> tuple[Ailment, dict[str, Remedy]]:
    policy = Policy(unreviewed=unreviewed)
    workshop = Workshop(store, {"default": place.target}, place.workspace, policy)
    (ailment,) = examine(workshop, place.target, actor_name="Ada", idle_seconds=5, **options)  # type: ignore[arg-type]  # passed on
    return ailment, {one.kind: one for one in ailment.remedies}


def test_what_a_review_approved_is_finished_and_not_undone(
    store: Store, world: World, place: Served
) -> None:
    review = stop_half_way(store, world, place)
    ailment, remedies = look(store, place)
    assert ailment.code == "half-applied"
    undo = remedies["undo"]
    assert undo.take is None
    assert undo.refusal == (
        "Here reviews decide (CONSOLE_MIGRATE_WITHOUT_REVIEW is no), and no review can hold this. "
        "But an approver can allow it: `manage.py doctor --approver EMAIL`."
    )
    assert undo.preview == ("ALTER TABLE products DROP COLUMN stock",), "it is shown all the same"
    assert remedies["resume"].take is not None
    remedies["resume"].take()
    assert place.ask("SELECT count(*) FROM reviews WHERE id = 10") == [1]
    started = next(e for e in list_entries(store) if e.action == "apply.started")
    assert started.text == (
        f"Ada began to apply Count the stock to default to finish what review {review} approved."
    )
    assert reviews.get_review(store, {"default": place.target}, review).state == "applied"


def test_a_review_of_more_is_not_applied_by_its_beginning(
    store: Store, world: World, place: Served
) -> None:
    place.write(Sample("dddd1", ("cccc1",), up='op.create_table("x", sa.Column("id", sa.Integer))'))
    review = stop_half_way(store, world, place)
    _, remedies = look(store, place)
    assert remedies["resume"].take is not None
    remedies["resume"].take()
    assert place.ask("SELECT version_num FROM alembic_version") == ["cccc1"]
    assert reviews.get_review(store, {"default": place.target}, review).state != "applied"


def test_a_file_that_changed_since_is_not_what_was_approved(
    store: Store, world: World, place: Served
) -> None:
    review = stop_half_way(store, world, place)
    (place.scripts / "helper.sql").write_text("SELECT 1")
    _, remedies = look(store, place)
    assert remedies["resume"].take is None
    assert f"migrations/helper.sql changed since review {review} was applied. Open a review" in (
        remedies["resume"].refusal
    )
    _, remedies = look(store, place, unreviewed=True)
    assert remedies["resume"].take is not None


def test_a_review_that_was_refused_since_allows_nothing(
    store: Store, world: World, place: Served
) -> None:
    review = stop_half_way(store, world, place)
    targets = {"default": place.target}
    reviews.refuse(store, targets, world.administrator, review, reason="Not like this")
    _, remedies = look(store, place)
    assert remedies["resume"].take is None
    assert f"the approval of review {review} does not stand any more" in remedies["resume"].refusal


def test_a_review_of_the_rest_lets_it_be_finished(
    store: Store, world: World, place: Served
) -> None:
    stop_half_way(store, world, place)
    (place.scripts / "helper.sql").write_text("SELECT 1")
    targets = {"default": place.target}
    review = reviews.open_review(store, targets, world.author, target="default", goal="cccc1")
    Runner(store, targets, place.workspace).work(threading.Event(), once=True)
    reviews.approve(store, targets, world.approver, review.id)
    _, remedies = look(store, place)
    assert remedies["resume"].take is not None
    remedies["resume"].take()
    assert reviews.get_review(store, targets, review.id).state == "applied"


def test_an_approver_allows_the_rest_and_is_on_record(
    tmp_path: Path, store: Store, world: World
) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="bbbb1")
    place.write(replace(STOCK, up=STOCK.up.replace("op.execute", "str")))
    place.run("ALTER TABLE products ADD COLUMN stock INTEGER")
    _, remedies = look(store, place)
    assert {kind: one.take for kind, one in remedies.items()} == dict.fromkeys(remedies)
    with pytest.raises(Forbidden, match="You need the role approver"):
        look(store, place, approver=world.author)
    _, remedies = look(store, place, approver=world.approver)
    assert remedies["undo"].take is not None
    remedies["undo"].take()
    entry = list_entries(store)[0]
    assert entry.actor == "Paul Approver"
    assert entry.text.startswith("Ada looked after default and took out cccc1")
    assert entry.text.endswith("Paul Approver allowed it.")


def test_a_stamp_needs_an_approver_too(tmp_path: Path, store: Store, world: World) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="aaaa1")
    place.run("UPDATE alembic_version SET version_num = 'bbbb1'")
    _, remedies = look(store, place)
    assert remedies["stamp"].take is None
    _, remedies = look(store, place, approver=world.administrator)
    assert remedies["stamp"].take is not None
