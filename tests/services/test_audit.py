"""The audit trail: in the caller's transaction, newest first, and independent of what it names."""

import pytest

from console.services import audit
from console.services.accounts import update_account
from console.store.account import AccountRow
from console.store.store import Store
from tests.world import World


def _write(store: Store, world: World, number: int, review_id: int | None = None) -> None:
    audit.write(
        store,
        actor=world.author,
        action="product.edited",
        subject=f"product {number}",
        text=f"Ada edited product {number}.",
        data={"price": ["1.00", "2.00"]},
        review_id=review_id,
    )


def test_an_entry_copies_who_it_was(store: Store, world: World) -> None:
    _write(store, world, 1)
    with store.begin() as session:
        session.get_one(AccountRow, world.author.id).name = "Somebody Else"
    entry = audit.list_entries(store, limit=1)[0]
    assert (entry.actor, entry.actor_email) == ("Ada Author", "author@example.com")
    assert entry.data == {"price": ["1.00", "2.00"]}
    assert entry.at.tzinfo is not None


def test_an_entry_goes_with_its_transaction(store: Store, world: World) -> None:
    before = audit.list_entries(store)

    def act_and_fail() -> None:
        with store.begin() as session:
            audit.record(session, actor=world.author, action="x", subject="x", text="x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        act_and_fail()
    assert audit.list_entries(store) == before


def test_pages_follow_each_other(store: Store, world: World) -> None:
    for number in range(5):
        _write(store, world, number)
    first = audit.list_entries(store, limit=2)
    second = audit.list_entries(store, limit=2, before_id=first[-1].id)
    assert [e.subject for e in (*first, *second)] == [f"product {n}" for n in (4, 3, 2, 1)]


def test_entries_are_found_by_action_actor_and_review(store: Store, world: World) -> None:
    _write(store, world, 1, review_id=7)
    update_account(store, world.administrator, world.viewer.id, role="author")
    assert [e.action for e in audit.list_entries(store, action="product.edited")] == [
        "product.edited"
    ]
    assert {e.action for e in audit.list_entries(store, action="account.")} == {
        "account.changed",
        "account.created",
    }
    assert len(audit.list_entries(store, actor="author@example.com")) == 1
    assert len(audit.list_entries(store, actor="Ada Author")) == 1
    assert len(audit.list_entries(store, review_id=7)) == 1
