"""Whose votes count: those of people who may decide at the moment of the apply."""

from pathlib import Path

import pytest

from console.services import reviews
from console.services.accounts import create_account, update_account
from console.services.errors import Refused
from console.services.execution import Workshop, execute
from console.services.presence import Presence
from console.services.queue import claim
from console.services.review import Review
from console.services.reviews import Policy, get_review, list_reviews, may_apply
from console.services.runs import get_run
from console.store.review import ReviewRow
from console.store.store import Store
from tests.services.conftest import Managed
from tests.world import PASSWORD, World

LEAVING = [{"is_active": False}, {"role": "author"}]


@pytest.mark.parametrize("change", LEAVING)
def test_the_approval_of_somebody_who_may_decide_no_more_does_not_count(
    approved: Review, store: Store, managed: Managed, world: World, change: dict[str, object]
) -> None:
    update_account(store, world.administrator, world.approver.id, **change)  # type: ignore[arg-type]
    review = get_review(store, managed.targets, approved.id)
    assert (review.state, review.approvers) == ("open", ())
    assert [vote.is_withdrawn for vote in review.approvals] == [True]
    assert list_reviews(store)[0].approvals == 0
    with pytest.raises(Refused, match="Nobody else has approved"):
        reviews.request_apply(store, managed.targets, world.operator, review.id)


def test_it_counts_again_when_they_come_back(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    for is_active in (False, True):
        update_account(store, world.administrator, world.approver.id, is_active=is_active)
    review = get_review(store, managed.targets, approved.id)
    assert review.state == "approved"
    assert may_apply(review, world.operator)


def test_another_vote_takes_its_place(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    update_account(store, world.administrator, world.approver.id, is_active=False)
    review = reviews.approve(store, managed.targets, world.administrator, approved.id)
    assert review.state == "approved"
    assert may_apply(review, world.operator)


def test_a_run_that_waits_is_refused_when_its_approver_leaves(
    approved: Review,
    store: Store,
    managed: Managed,
    world: World,
    presence: Presence,
    tmp_path: Path,
) -> None:
    run = reviews.request_apply(store, managed.targets, world.operator, approved.id)
    update_account(store, world.administrator, world.approver.id, is_active=False)
    claim(store, presence.id, run.id)
    workshop = Workshop(store, managed.targets, tmp_path, Policy())
    execute(workshop, run.id, presence.id)
    ended = get_run(store, run.id)
    assert (ended.state, ended.error) == ("refused", "The plan has 0 of 1 approvals.")


def test_an_applied_review_remembers_who_agreed(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    with store.begin() as session:
        session.get_one(ReviewRow, approved.id).state = "applied"
    update_account(store, world.administrator, world.approver.id, is_active=False)
    review = get_review(store, managed.targets, approved.id)
    assert [account.name for account in review.approvers] == ["Paul Approver"]
    assert list_reviews(store)[0].approvals == 1


def test_an_author_who_becomes_an_approver_still_cannot_approve_their_own(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    promoted = update_account(store, world.administrator, world.author.id, role="approver")
    with pytest.raises(Refused, match="You opened this review"):
        reviews.approve(store, managed.targets, promoted, approved.id)


def test_two_approvals_are_two_people(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    second = create_account(
        store, email="second@example.com", name="Sue", role="approver", password=PASSWORD
    )
    policy = Policy(approvals_required=2)
    review = get_review(store, managed.targets, approved.id)
    assert not may_apply(review, world.operator, policy)
    review = reviews.approve(store, managed.targets, second, approved.id, policy=policy)
    assert may_apply(review, world.operator, policy)
    update_account(store, world.administrator, second.id, is_active=False)
    review = get_review(store, managed.targets, approved.id)
    assert may_apply(review, world.operator, policy).reason == "1 of 2 approvals are missing."
