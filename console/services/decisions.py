"""decisions: what may be done with a review now, by whom, and the sentence why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.hazards.hazard import Hazard
from console.services.account import Account
from console.services.permissions import Permission, allows, why_not
from console.services.review import Acceptance, Review
from console.services.runs import Run
from console.services.stored import UNREADABLE


@dataclass(frozen=True)
class Policy:
    """What an apply needs: the number of people, other than the author, who approved; `unreviewed`
    where the command line may also apply what no review approved."""

    approvals_required: int = 1
    unreviewed: bool = True


@dataclass(frozen=True)
class Decision:
    """Whether a button works; `reason` is the sentence beside a disabled one, empty otherwise."""

    allowed: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.allowed


YES = Decision(True)
ENDED: Mapping[str, str] = {
    "succeeded": "succeeded",
    "failed": "failed",
    "refused": "was refused",
    "interrupted": "was interrupted",
    "cancelled": "was cancelled",
}


def may_approve(review: Review, actor: Account | None, policy: Policy | None = None) -> Decision:
    """Whether `actor` may approve this plan now."""
    return _first(
        _is_open(review),
        _somebody_else(review, actor, "approve it"),
        _role(actor, "approve"),
        _is_current(review),
        "This review was refused; its author has to renew it first."
        if review.state == "refused"
        else "",
        not_rehearsed(review),
        "You have approved this plan already." if _has_approved(review, actor) else "",
    )


def may_refuse(review: Review, actor: Account | None, policy: Policy | None = None) -> Decision:
    """Whether `actor` may refuse this plan now; that needs neither rehearsal nor a current plan."""
    return _first(
        _is_open(review),
        _somebody_else(review, actor, "approve it"),
        _role(actor, "approve"),
        "This review was refused already." if review.state == "refused" else "",
    )


def may_accept(review: Review, actor: Account | None, policy: Policy | None = None) -> Decision:
    """Whether `actor` may accept single findings of this plan now."""
    return _first(
        _is_open(review),
        _somebody_else(review, actor, "accept what was found"),
        _role(actor, "approve"),
        _is_current(review),
        "This review was refused; its author has to renew it first."
        if review.state == "refused"
        else "",
    )


def may_take_back(review: Review, actor: Account | None, acceptance: Acceptance) -> Decision:
    """Whether `actor` may take back this acceptance of a finding now."""
    by_whom = acceptance.account
    is_theirs = actor and (actor.id == by_whom.id or allows(actor.role, "manage-accounts"))
    return _first(
        _is_open(review),
        _role(actor, "approve"),
        "" if is_theirs else f"Only {by_whom.name}, who accepted it, or an administrator can.",
    )


def may_apply(review: Review, actor: Account | None, policy: Policy | None = None) -> Decision:
    """Whether `actor` may apply this plan now."""
    policy = policy or Policy()
    missing = policy.approvals_required - len(review.approvers)
    return _first(
        _role(actor, "apply"),
        _is_open(review),
        _is_current(review),
        "This review was refused." if review.state == "refused" else "",
        not_rehearsed(review),
        _missing_approvals(missing, policy.approvals_required) if missing > 0 else "",
        not_accepted(review.unanswered),
    )


def may_renew(review: Review, actor: Account | None, policy: Policy | None = None) -> Decision:
    """Whether `actor` may make this review current again."""
    return _first(
        _role(actor, "open-review"),
        _is_open(review),
        _author_or_administrator(review, actor, "renew"),
        review.plan_error or "",
        "Nothing changed since this review was opened, so there is nothing to renew."
        if review.is_current and review.state != "refused"
        else "",
    )


def may_close(review: Review, actor: Account | None, policy: Policy | None = None) -> Decision:
    """Whether `actor` may close this review without applying it."""
    return _first(
        _role(actor, "open-review"),
        _is_open(review),
        _author_or_administrator(review, actor, "close"),
    )


def may_comment(review: Review, actor: Account | None, policy: Policy | None = None) -> Decision:
    """Whether `actor` may take part in the discussion; it stays open after the review is closed."""
    return _first(_role(actor, "comment"))


def may_rehearse(review: Review, actor: Account | None, policy: Policy | None = None) -> Decision:
    """Whether `actor` may have this plan rehearsed (again)."""
    run = review.rehearsal_run
    return _first(
        _role(actor, "rehearse"),
        _is_open(review),
        _is_current(review),
        f"Rehearsal {run.id} is {_waiting(run.state)} already." if run and run.is_active else "",
    )


def may_cancel(run: Run, actor: Account | str | None) -> Decision:
    """Whether `actor` (a name on the command line) may cancel a run that waits or has begun: whoever
    may ask for such a run may cancel it."""
    needed: Permission = "apply" if run.kind == "apply" else "rehearse"
    return _first(
        "" if isinstance(actor, str) else _role(actor, needed),
        "" if run.is_active else f"Run {run.id} has ended: it {ENDED[run.state]}.",
        f"{run.cancel_asked_by} has cancelled it; it is about to end." if run.is_cancelling else "",
    )


def _first(*reasons: str) -> Decision:
    """No, for the first reason that is not empty; else yes."""
    for reason in reasons:
        if reason:
            return Decision(False, reason)
    return YES


def _role(actor: Account | None, permission: Permission) -> str:
    if actor is None:
        return "Sign in first."
    if not actor.is_active:
        return "Your account is switched off."
    return "" if allows(actor.role, permission) else why_not(actor.role, permission)


def _is_open(review: Review) -> str:
    run = review.apply_run
    if review.state == "applying":
        return f"It is being applied by run {run.id}." if run else "It is being applied."
    if review.state == "applied":
        return "This review has been applied."
    return "This review is closed." if review.state == "closed" else ""


def _is_current(review: Review) -> str:
    if review.plan_error:
        return review.plan_error
    if review.changes:
        return (
            f"What would run now is not what was put before people: {', '.join(review.changes)}. "
            "The author has to renew the review."
        )
    return ""


def not_accepted(hazards: Sequence[Hazard]) -> str:
    """The sentence that names errors which nobody has accepted yet; "" for none."""
    if not hazards:
        return ""
    named = ", ".join(f"{hazard.code} ({hazard.subject})" for hazard in hazards[:3])
    named += " and others" if len(hazards) > 3 else ""
    verb = "error is" if len(hazards) == 1 else "errors are"
    return f"{len(hazards)} {verb} not accepted yet: {named}."


def _somebody_else(review: Review, actor: Account | None, act: str) -> str:
    if actor and actor.id == review.author.id:
        return f"You opened this review: somebody else has to {act}."
    if actor and review.renewed_by and actor.id == review.renewed_by.id:
        return f"You renewed this review: somebody else has to {act}."
    return ""


def _author_or_administrator(review: Review, actor: Account | None, act: str) -> str:
    if actor and (actor.id == review.author.id or allows(actor.role, "manage-accounts")):
        return ""
    return f"Only {review.author.name}, who opened this review, or an administrator can {act} it."


def not_rehearsed(review: Review) -> str:
    """Why a plan counts as not rehearsed, or "" where it is."""
    run = review.rehearsal_run
    if review.is_rehearsed:
        return ""
    if run is None or run.digest != review.plan.digest:
        return "This plan has not been rehearsed yet; rehearse it first."
    if run.is_active:
        return f"The rehearsal is {_waiting(run.state)}; wait for its result."
    if not run.is_readable:
        return f"{UNREADABLE.format(what='rehearsal')} Rehearse again."
    return "The rehearsal did not succeed; mend the revision, or rehearse again."


def _missing_approvals(missing: int, required: int) -> str:
    if required == 1:
        return "Nobody else has approved this plan yet."
    return f"{missing} of {required} approvals are missing."


def _has_approved(review: Review, actor: Account | None) -> bool:
    return bool(actor and any(account.id == actor.id for account in review.approvers))


def _waiting(state: str) -> str:
    return "waiting for the worker" if state == "queued" else "running"
