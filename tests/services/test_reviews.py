"""A review from opening to its end, and everything that stands in its way."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import event

from console.hazards.hazard import Hazard
from console.schema.errors import NothingToDo, UnknownRevision
from console.services import reviews
from console.services.audit import list_entries
from console.services.errors import Conflict, Forbidden, Invalid, NotFound, Refused, ServiceError
from console.services.review import Review
from console.services.reviews import Policy, may_apply, may_approve, may_renew
from console.services.runs import get_run
from console.store.store import Store
from tests.services.conftest import Managed, Open, Rehearse
from tests.world import World

ERROR = Hazard("not-null-without-default", "error", "bbb2", "products.price", "…", "…")
WARNING = replace(ERROR, severity="warning")


def test_an_opened_review_waits_for_its_rehearsal(opened: Open, store: Store) -> None:
    review = opened()
    assert (review.title, review.state) == ("Add price to products", "open")
    assert [step.revision for step in review.plan.steps] == ["bbb2"]
    assert review.rehearsal_run is not None
    assert (review.rehearsal_run.kind, review.rehearsal_run.state) == ("rehearsal", "queued")
    entry = list_entries(store, review_id=review.id)[0]
    assert entry.text == "Ada Author opened review 1: Add price to products (1 step on default)."


@pytest.mark.parametrize(
    ("stands", "goal", "title"),
    [("bbb2", "base", "Back to base"), ("bbb2", "aaa1", "Undo: Add price to products")],
)
def test_a_way_down_is_called_what_it_is(
    opened: Open, managed: Managed, stands: str, goal: str, title: str
) -> None:
    managed.move_to(stands)
    assert opened(goal=goal).title == title


def test_a_title_and_a_description_of_ones_own_are_kept(opened: Open) -> None:
    review = opened(title="  Prices,  at last ", description=" We sell things. ")
    assert (review.title, review.description) == ("Prices, at last", "We sell things.")


def test_a_viewer_cannot_open_a_review(opened: Open, world: World) -> None:
    with pytest.raises(Forbidden):
        opened(world.viewer)


def test_there_is_no_review_of_nothing(opened: Open, managed: Managed) -> None:
    with pytest.raises(UnknownRevision):
        opened(goal="ffff")
    managed.move_to("bbb2")
    with pytest.raises(NothingToDo):
        opened()


def test_one_plan_has_one_open_review(opened: Open, world: World) -> None:
    first = opened()
    with pytest.raises(Conflict, match=r"Review 1 \(Add price") as caught:
        opened(world.approver)
    assert caught.value.review_id == first.id


def test_an_unknown_target_or_review_is_not_found(
    store: Store, managed: Managed, world: World
) -> None:
    with pytest.raises(NotFound, match="there is default"):
        reviews.open_review(store, managed.targets, world.author, target="other", goal="head")
    with pytest.raises(NotFound):
        reviews.get_review(store, managed.targets, 99)


def test_two_people_make_a_review_approved(
    opened: Open, rehearse: Rehearse, store: Store, managed: Managed, world: World
) -> None:
    review = rehearse(opened())
    assert review.is_rehearsed
    review = reviews.approve(store, managed.targets, world.approver, review.id, reason="Fine.")
    assert review.state == "approved"
    assert review.approvers == (world.approver,)
    assert may_apply(review, world.operator, Policy())
    assert list_entries(store)[0].text == "Paul Approver approved review 1: Add price to products."


def test_nobody_approves_their_own_review(
    opened: Open, rehearse: Rehearse, store: Store, managed: Managed, world: World
) -> None:
    review = rehearse(opened(world.approver))
    with pytest.raises(Refused, match=r"You opened this review: somebody else has to approve it\."):
        reviews.approve(store, managed.targets, world.approver, review.id)


def test_nothing_is_approved_before_its_rehearsal(
    opened: Open, store: Store, managed: Managed, world: World
) -> None:
    review = opened()
    with pytest.raises(Refused, match="waiting for the worker"):
        reviews.approve(store, managed.targets, world.approver, review.id)


def test_nothing_is_approved_that_failed_in_rehearsal(
    opened: Open, rehearse: Rehearse, store: Store, managed: Managed, world: World
) -> None:
    review = rehearse(opened(), error="no such table")
    assert review.rehearsal is not None
    assert review.rehearsal.error == "no such table"
    with pytest.raises(Refused, match="did not succeed"):
        reviews.approve(store, managed.targets, world.approver, review.id)


def test_nobody_approves_twice(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    with pytest.raises(Refused, match="already"):
        reviews.approve(store, managed.targets, world.approver, approved.id)


def test_an_error_among_the_hazards_asks_for_a_reason(
    opened: Open, rehearse: Rehearse, store: Store, managed: Managed, world: World
) -> None:
    review = rehearse(opened(), ERROR)
    assert review.hazards == (ERROR,)
    with pytest.raises(Invalid) as caught:
        reviews.approve(store, managed.targets, world.approver, review.id, reason="  ")
    assert caught.value.field == "reason"
    review = reviews.approve(
        store, managed.targets, world.approver, review.id, reason="Empty table"
    )
    assert review.state == "approved"


def test_a_warning_asks_for_nothing(opened: Open, rehearse: Rehearse) -> None:
    assert not rehearse(opened(), WARNING).needs_reason


def test_a_policy_of_two_needs_two(
    opened: Open, rehearse: Rehearse, store: Store, managed: Managed, world: World
) -> None:
    policy, review = Policy(approvals_required=2), rehearse(opened())
    review = reviews.approve(store, managed.targets, world.approver, review.id, policy=policy)
    assert review.state == "open"
    assert may_apply(review, world.operator, policy).reason == "1 of 2 approvals are missing."
    review = reviews.approve(store, managed.targets, world.administrator, review.id, policy=policy)
    assert review.state == "approved"
    assert may_apply(review, world.operator, policy)


def test_one_changed_byte_voids_the_approval(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    managed.touch()
    review = reviews.get_review(store, managed.targets, approved.id)
    assert review.state == "open"
    assert review.changes == ("migrations/versions/bbb2_.py changed",)
    assert [vote.is_void for vote in review.approvals] == [True]
    assert "bbb2_.py changed" in may_apply(review, world.approver, Policy()).reason
    with pytest.raises(Refused, match=r"bbb2_\.py changed"):
        reviews.request_apply(store, managed.targets, world.approver, approved.id)
    entry = list_entries(store)[0]
    assert entry.action == "apply.refused"
    assert entry.data["changes"] == ["migrations/versions/bbb2_.py changed"]


def test_a_byte_changed_back_brings_the_approval_back(
    approved: Review, store: Store, managed: Managed
) -> None:
    before = managed.pending.read_bytes()
    managed.touch()
    managed.pending.write_bytes(before)
    assert reviews.get_review(store, managed.targets, approved.id) == approved


def test_a_file_that_cannot_be_read_voids_the_approval(
    approved: Review, store: Store, managed: Managed
) -> None:
    managed.pending.write_text("this is no python (")
    review = reviews.get_review(store, managed.targets, approved.id)
    assert review.plan_error is not None
    assert review.state == "open"
    assert review.approvals[0].is_void


def test_a_renewed_review_starts_from_the_present(
    approved: Review, store: Store, managed: Managed, world: World, rehearse: Rehearse
) -> None:
    managed.touch()
    review = reviews.renew(store, managed.targets, world.author, approved.id)
    assert review.is_current
    assert review.state == "open"
    assert review.plan.digest != approved.plan.digest
    assert review.approvals[0].is_void
    assert review.rehearsal is None
    assert review.rehearsal_run is not None
    assert review.rehearsal_run.state == "queued"
    review = rehearse(review)
    review = reviews.approve(store, managed.targets, world.approver, review.id)
    assert review.state == "approved"


def test_only_the_author_or_an_administrator_renews(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    managed.touch()
    with pytest.raises(Refused, match="Only Ada Author"):
        reviews.renew(store, managed.targets, world.approver, approved.id)


def test_who_renewed_a_review_cannot_approve_it(
    approved: Review, store: Store, managed: Managed, world: World, rehearse: Rehearse
) -> None:
    managed.touch()
    review = rehearse(reviews.renew(store, managed.targets, world.administrator, approved.id))
    assert review.renewed_by == world.administrator
    assert "You renewed" in may_approve(review, world.administrator, Policy()).reason
    assert may_approve(review, world.approver, Policy())


def test_there_is_nothing_to_renew_while_nothing_changed(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    with pytest.raises(Refused, match="nothing to renew"):
        reviews.renew(store, managed.targets, world.author, approved.id)


def test_a_refusal_says_why_and_can_be_answered_by_renewing(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    with pytest.raises(Invalid):
        reviews.refuse(store, managed.targets, world.administrator, approved.id, reason=" ")
    review = reviews.refuse(
        store, managed.targets, world.administrator, approved.id, reason="Not on a Friday."
    )
    assert review.state == "refused"
    assert review.approvals[-1].reason == "Not on a Friday."
    assert may_apply(review, world.approver, Policy()).reason == "This review was refused."
    assert may_renew(review, world.author, Policy())
    assert reviews.renew(store, managed.targets, world.author, review.id).state == "open"


def test_a_database_that_was_moved_from_outside_is_noticed(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    managed.move_to("bbb2")
    review = reviews.get_review(store, managed.targets, approved.id)
    assert review.plan_error is not None
    assert "brought there without this review" in review.plan_error
    assert may_apply(review, world.approver, Policy()).reason == review.plan_error


def test_a_revision_whose_file_is_gone_is_not_taken_for_applied(
    opened: Open, store: Store, managed: Managed
) -> None:
    review = opened()
    managed.pending.unlink()
    found = reviews.get_review(store, managed.targets, review.id)
    assert found.plan_error == (
        "No revision file carries bbb2 any more. Bring it back from version control, or close the "
        "review."
    )


def test_an_unreadable_database_voids_nothing(
    approved: Review, store: Store, managed: Managed
) -> None:
    managed.database.write_bytes(b"this is no database at all, only the name of one" * 40)
    review = reviews.get_review(store, managed.targets, approved.id)
    assert review.plan_error is not None
    assert "cannot be read now" in review.plan_error
    assert not review.approvals[0].is_void
    assert not review.is_certain


def test_a_target_that_is_gone_is_said_to_be(approved: Review, store: Store) -> None:
    review = reviews.get_review(store, {}, approved.id)
    assert review.plan_error == "There is no target 'default' any more."


def test_people_talk(opened: Open, store: Store, managed: Managed, world: World) -> None:
    review = opened()
    review = reviews.add_comment(
        store, managed.targets, world.operator, review.id, text=" When?\n<b>Now</b> "
    )
    assert [(c.account, c.text) for c in review.comments] == [(world.operator, "When?\n<b>Now</b>")]
    with pytest.raises(Invalid):
        reviews.add_comment(store, managed.targets, world.author, review.id, text="  ")
    with pytest.raises(Forbidden):
        reviews.add_comment(store, managed.targets, world.viewer, review.id, text="Hello")


def test_a_closed_review_is_over_and_its_plan_free_again(
    opened: Open, store: Store, managed: Managed, world: World
) -> None:
    review = reviews.close(store, managed.targets, world.author, opened().id)
    assert review.state == "closed"
    assert review.rehearsal_run is not None
    assert review.rehearsal_run.state == "cancelled"
    with pytest.raises(Refused, match="closed"):
        reviews.request_rehearsal(store, managed.targets, world.author, review.id)
    assert opened().id != review.id


def test_a_rehearsal_can_be_asked_for_again(
    opened: Open, rehearse: Rehearse, store: Store, managed: Managed, world: World
) -> None:
    review = rehearse(opened(), error="disk full")
    run = reviews.request_rehearsal(store, managed.targets, world.operator, review.id)
    assert (run.state, run.requested_by) == ("queued", "Olga Operator")
    with pytest.raises(Refused, match="already"):
        reviews.request_rehearsal(store, managed.targets, world.operator, review.id)


def test_lists_tell_the_essentials(approved: Review, store: Store, world: World) -> None:
    (summary,) = reviews.list_reviews(store)
    assert (summary.state, summary.steps, summary.approvals) == ("approved", 1, 1)
    assert (summary.author, summary.rehearsal_state) == (world.author, "succeeded")
    assert reviews.list_reviews(store, states=("closed",)) == ()


def test_an_apply_that_was_asked_for_waits_for_the_runner(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    run = reviews.request_apply(store, managed.targets, world.operator, approved.id)
    assert (run.kind, run.state, run.digest) == ("apply", "queued", approved.plan.digest)
    review = reviews.get_review(store, managed.targets, approved.id)
    assert review.state == "applying"
    assert review.apply_run == run
    with pytest.raises(Refused, match=f"being applied by run {run.id}"):
        reviews.request_apply(store, managed.targets, world.operator, approved.id)


def test_of_many_who_apply_at_once_one_does(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    barrier, runs, errors = threading.Barrier(6), [], []

    def ask() -> None:
        barrier.wait()
        try:
            runs.append(reviews.request_apply(store, managed.targets, world.approver, approved.id))
        except ServiceError as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(runs) == 1
    assert {type(error) for error in errors} <= {Conflict, Refused}
    assert len(errors) == 5
    assert get_run(store, runs[0].id).state == "queued"


def test_a_decision_is_about_the_plan_that_was_seen(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    arguments = (store, managed.targets, world.administrator, approved.id)
    other = "0" * 64
    with pytest.raises(Conflict, match="while you were reading"):
        reviews.approve(*arguments, digest=other)
    with pytest.raises(Conflict, match="while you were reading"):
        reviews.refuse(*arguments, reason="No.", digest=other)
    with pytest.raises(Conflict, match="while you were reading"):
        reviews.request_apply(*arguments, digest=other)
    assert reviews.request_apply(*arguments, digest=approved.plan.digest).state == "queued"


def test_lists_cost_the_same_however_many_reviews_there_are(
    approved: Review, store: Store, managed: Managed, world: World
) -> None:
    def queries() -> int:
        sent: list[str] = []
        listener = lambda *arguments: sent.append(arguments[2])  # noqa: E731 - removed below
        event.listen(store.engine, "before_cursor_execute", listener)
        reviews.list_reviews(store)
        event.remove(store.engine, "before_cursor_execute", listener)
        return len(sent)

    before = queries()
    for goal in ("bbb2", "head", "+1"):
        reviews.close(store, managed.targets, world.author, reviews.list_reviews(store)[0].id)
        reviews.open_review(store, managed.targets, world.author, target="default", goal=goal)
    assert len(reviews.list_reviews(store)) == 4
    assert queries() == before
