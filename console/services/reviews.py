"""reviews: opening, discussing, deciding and applying plans."""

from __future__ import annotations

from collections.abc import Mapping

from console.schema.target import Target
from console.services.account import Account
from console.services.decisions import (
    Decision,
    Policy,
    may_apply,
    may_approve,
    may_close,
    may_comment,
    may_refuse,
    may_rehearse,
    may_renew,
)
from console.services.review import Approval, Comment, Review, ReviewState, ReviewSummary
from console.services.runs import Run
from console.store.store import Store

__all__ = [
    "Approval",
    "Comment",
    "Decision",
    "Policy",
    "Review",
    "ReviewState",
    "ReviewSummary",
    "add_comment",
    "approve",
    "close",
    "get_review",
    "list_reviews",
    "may_apply",
    "may_approve",
    "may_close",
    "may_comment",
    "may_refuse",
    "may_rehearse",
    "may_renew",
    "open_review",
    "refuse",
    "renew",
    "request_apply",
    "request_rehearsal",
]

Targets = Mapping[str, Target]


def open_review(
    store: Store,
    targets: Targets,
    actor: Account,
    *,
    target: str,
    goal: str,
    title: str = "",
    description: str = "",
) -> Review:
    """Put the plan from where `target` stands to `goal` before people, and queue its rehearsal.

    Without a title it is called after its steps. Forbidden; NotFound for an unknown target;
    Conflict naming the review that has this very plan; SchemaError where there is no such plan.
    """
    raise NotImplementedError


def get_review(store: Store, targets: Targets, review_id: int) -> Review:
    """One review as it stands now, its plan made again and compared; NotFound."""
    raise NotImplementedError


def list_reviews(store: Store, *, state: str | None = None) -> tuple[ReviewSummary, ...]:
    """Every review, newest first, or those in one state."""
    raise NotImplementedError


def approve(
    store: Store,
    targets: Targets,
    actor: Account,
    review_id: int,
    *,
    reason: str = "",
    policy: Policy | None = None,
) -> Review:
    """Approve the very plan that would run now; Refused as `may_approve` says, Invalid("reason")
    where a hazard is an error and no reason is given."""
    raise NotImplementedError


def refuse(
    store: Store, targets: Targets, actor: Account, review_id: int, *, reason: str
) -> Review:
    """Refuse the plan; Invalid("reason") without a reason."""
    raise NotImplementedError


def add_comment(
    store: Store, targets: Targets, actor: Account, review_id: int, *, text: str
) -> Review:
    """Add to the discussion; Invalid("text") for an empty one."""
    raise NotImplementedError


def renew(store: Store, targets: Targets, actor: Account, review_id: int) -> Review:
    """Make the plan again as of now, void every approval, and queue a new rehearsal."""
    raise NotImplementedError


def close(store: Store, targets: Targets, actor: Account, review_id: int) -> Review:
    """Close the review without applying it."""
    raise NotImplementedError


def request_rehearsal(store: Store, targets: Targets, actor: Account, review_id: int) -> Run:
    """Queue another rehearsal of the plan."""
    raise NotImplementedError


def request_apply(
    store: Store,
    targets: Targets,
    actor: Account,
    review_id: int,
    *,
    policy: Policy | None = None,
) -> Run:
    """Queue the apply. Refused as `may_apply` says; Conflict while another one has the target."""
    raise NotImplementedError
