"""approved: apply what a review agreed to from the command line, where nobody signs in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select

from console.schema.cancel import Cancelled, never
from console.schema.plan import Plan
from console.schema.progress import Event, Progress, silent
from console.schema.rehearsal import Outcome
from console.schema.target import Target
from console.services.cancel import cancel_run
from console.services.decisions import ENDED, Policy
from console.services.errors import Conflict, Refused
from console.services.requests import queue_apply
from console.services.review import Review
from console.services.review_row import get_review
from console.services.runner import run_now
from console.services.runs import Run, events_after, get_run
from console.store.review import ReviewRow
from console.store.store import Store

LOOK_SECONDS = 0.3


def find_approved(
    store: Store, targets: Mapping[str, Target], plan: Plan, policy: Policy
) -> Review | None:
    """The review whose very plan this is, if it has its rehearsal and its approvals; else None."""
    this = select(ReviewRow.id).where(ReviewRow.open_digest == plan.digest)
    with store.read() as session:
        review_id = session.scalar(this.where(ReviewRow.state == "approved"))
    if review_id is None:
        return None
    review = get_review(store, targets, review_id)
    enough = len(review.approvers) >= policy.approvals_required and not review.unanswered
    return review if review.is_current and review.is_rehearsed and enough else None


def apply_approved(
    store: Store,
    targets: Mapping[str, Target],
    review: Review,
    *,
    actor_name: str,
    workspace: Path,
    policy: Policy,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Outcome:
    """Apply the plan of an approved review and return its outcome; `cancelled` asks for its end.

    Conflict while another apply has the target, or the review changed meanwhile; Refused where the
    run does not succeed.
    """
    run_id = queue_apply(store, review, actor_name)
    try:
        run = run_now(
            store,
            targets,
            run_id,
            progress,
            workspace=workspace,
            policy=policy,
            cancelled=cancelled,
        )
    except Conflict:  # a worker was quicker
        run = _follow(store, run_id, actor_name, progress, cancelled)
    if run.outcome is None:
        raise Refused(f"Run {run.id} {ENDED[run.state]}. {run.error or run.note or ''}".rstrip())
    return run.outcome


def _follow(
    store: Store, run_id: int, actor_name: str, progress: Progress, cancelled: Cancelled
) -> Run:
    """Wait for a run that somebody else executes, and pass its events on, and a wish to cancel it."""
    seen = 0
    while True:
        run = get_run(store, run_id)
        for event in events_after(store, run_id, seen):
            seen = event.id
            progress(Event(event.kind, event.text, event.revision, event.done, event.total))
        if not run.is_active:
            return run
        if cancelled() and not run.is_cancelling:
            with suppress(Refused):  # it ended meanwhile
                cancel_run(store, actor_name, run_id)
        time.sleep(LOOK_SECONDS)
