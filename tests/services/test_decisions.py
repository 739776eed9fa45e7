"""The sentence beside every disabled button."""

from dataclasses import replace

import pytest

from console.services import reviews
from console.services.decisions import Decision, Policy
from console.services.review import Review
from tests.services.conftest import Open
from tests.world import World

ACTS = ("approve", "refuse", "apply", "renew", "close", "comment", "rehearse")


def _ask(act: str, review: Review, actor: object) -> Decision:
    decision: Decision = getattr(reviews, f"may_{act}")(review, actor, Policy())
    return decision


@pytest.mark.parametrize("act", ACTS)
def test_anonymous_and_viewers_may_do_nothing_and_are_told_why(
    act: str, approved: Review, world: World
) -> None:
    assert _ask(act, approved, None) == Decision(False, "Sign in first.")
    decision = _ask(act, approved, world.viewer)
    assert not decision
    assert decision.reason.endswith("yours is viewer.")
    switched_off = replace(world.administrator, is_active=False)
    assert _ask(act, approved, switched_off).reason == "Your account is switched off."


def test_the_author_is_told_that_somebody_else_approves(opened: Open, world: World) -> None:
    decision = _ask("approve", opened(), world.author)
    assert decision.reason == "You opened this review: somebody else has to approve it."


def test_what_may_be_done_has_no_reason(approved: Review, world: World) -> None:
    for act in ("refuse", "apply", "close", "comment", "rehearse"):
        assert _ask(act, approved, world.administrator) == Decision(True, "")


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("applied", "This review has been applied."),
        ("closed", "This review is closed."),
        ("applying", "It is being applied."),
    ],
)
def test_what_is_over_is_over(state: str, reason: str, approved: Review, world: World) -> None:
    review = replace(approved, state=state)
    for act in ("approve", "refuse", "apply", "renew", "close", "rehearse"):
        assert _ask(act, review, world.administrator).reason == reason
    assert _ask("comment", review, world.administrator)


def test_a_running_rehearsal_is_waited_for(opened: Open, world: World) -> None:
    review = opened()
    assert review.rehearsal_run is not None
    running = replace(review, rehearsal_run=replace(review.rehearsal_run, state="running"))
    assert "is running" in _ask("approve", running, world.approver).reason
    assert _ask("rehearse", running, world.author).reason == "Rehearsal 1 is running already."


def test_a_rehearsal_of_another_plan_does_not_count(approved: Review, world: World) -> None:
    assert approved.rehearsal_run is not None
    other = replace(approved, rehearsal_run=replace(approved.rehearsal_run, digest="0" * 64))
    assert "not been rehearsed" in _ask("apply", other, world.approver).reason


def test_a_change_of_mind_counts(approved: Review) -> None:
    later = replace(approved.approvals[0], id=2, vote="refuse")
    assert replace(approved, approvals=(*approved.approvals, later)).approvers == ()
