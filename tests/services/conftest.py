"""A managed database one revision behind its history, with a plain Alembic folder and no Flask."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.hazards.hazard import Hazard
from console.schema.catalogue import Difference
from console.schema.ledger import Ledger
from console.schema.rehearsal import Rehearsal
from console.schema.target import Target
from console.services.account import Account
from console.services.ending import Ending, finish
from console.services.presence import Presence
from console.services.queue import claim
from console.services.review import Review
from console.services.reviews import approve, get_review, open_review
from console.store.store import Store
from tests.histories.script_folder import Sample, target_of, write_folder
from tests.world import World

CREATE = Sample(
    "aaa1",
    up='op.create_table("products", sa.Column("id", sa.Integer, primary_key=True))',
    down='op.drop_table("products")',
    message="Create products",
)
PRICE = Sample(
    "bbb2",
    ("aaa1",),
    up='op.add_column("products", sa.Column("price", sa.Integer))',
    down='op.drop_column("products", "price")',
    message="Add price to products",
)
LEDGER = Ledger((), (), (), (), is_clean=True, verdict="Nothing is lost.")


@dataclass(frozen=True)
class Managed:
    """The managed side: its target by name, its database file, and the file of the pending revision."""

    targets: Mapping[str, Target]
    target: Target
    database: Path
    pending: Path

    def execute(self, sql: str) -> list[tuple[object, ...]]:
        """Do something to the database from outside the console."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            return connection.execute(sql).fetchall()

    def touch(self) -> None:
        """Change the pending revision by one byte."""
        self.pending.write_bytes(self.pending.read_bytes() + b"\n")

    def move_to(self, revision: str) -> None:
        """Stamp the database from outside the console."""
        self.execute(f"UPDATE alembic_version SET version_num = '{revision}'")


@pytest.fixture
def managed(tmp_path: Path) -> Managed:
    """`default`: products with two rows, standing at aaa1, with bbb2 pending."""
    folder = write_folder(tmp_path / "migrations", [CREATE, PRICE])
    target = target_of(folder)
    managed = Managed(
        {"default": target}, target, tmp_path / "database.db", folder / "versions" / "bbb2_.py"
    )
    managed.execute("CREATE TABLE products (id INTEGER NOT NULL PRIMARY KEY)")
    managed.execute("INSERT INTO products VALUES (1), (2)")
    managed.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    managed.execute("INSERT INTO alembic_version VALUES ('aaa1')")
    return managed


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Where clones go."""
    return tmp_path / "workspace"


@pytest.fixture
def presence(store: Store) -> Iterator[Presence]:
    """A living runner that does nothing by itself."""
    with Presence(store, "worker") as presence:
        yield presence


Rehearse = Callable[..., Review]


def end_rehearsal(
    store: Store,
    managed: Managed,
    presence: Presence,
    review: Review,
    *hazards: Hazard,
    error: str | None = None,
) -> Review:
    """End the waiting rehearsal of a review without a child process."""
    assert review.rehearsal_run is not None
    assert claim(store, presence.id, review.rehearsal_run.id) == review.rehearsal_run.id
    done = Rehearsal(
        digest=review.plan.digest,
        succeeded=error is None,
        clone="SQLite backup of 8 kB",
        clone_milliseconds=1.0,
        milliseconds=2.0,
        steps=(),
        difference=Difference(()),
        ledger=LEDGER,
        error=error,
    )
    state = "failed" if error else "succeeded"
    ending = Ending(state, error, rehearsal=done, hazards=hazards)
    assert finish(store, review.rehearsal_run.id, presence.id, ending)
    return get_review(store, managed.targets, review.id)


@pytest.fixture
def rehearse(store: Store, managed: Managed, presence: Presence) -> Rehearse:
    """`rehearse(review, *hazards, error=None)`: `end_rehearsal` in the store of the test."""

    def rehearse(review: Review, *hazards: Hazard, error: str | None = None) -> Review:
        return end_rehearsal(store, managed, presence, review, *hazards, error=error)

    return rehearse


Open = Callable[..., Review]


@pytest.fixture
def opened(store: Store, managed: Managed, world: World) -> Open:
    """`opened(actor=None, goal="head", **rest)`: a review by the author."""

    def opened(actor: Account | None = None, goal: str = "head", **rest: str) -> Review:
        return open_review(
            store, managed.targets, actor or world.author, target="default", goal=goal, **rest
        )

    return opened


@pytest.fixture
def approved(
    store: Store, managed: Managed, world: World, opened: Open, rehearse: Rehearse
) -> Review:
    """A review to the head that may be applied."""
    review = rehearse(opened())
    return approve(store, managed.targets, world.approver, review.id)
