"""review_page: what the page of a plan shows, worked out before it is drawn."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from console.hazards.hazard import Hazard
from console.schema.errors import HistoryError
from console.schema.history import History, read_history
from console.schema.ledger import Ledger
from console.schema.parsing import parse
from console.schema.plan import Step
from console.schema.rehearsal import StepResult
from console.schema.revision import Revision
from console.schema.target import Target
from console.services import reviews
from console.services.acceptances import name_of
from console.services.accounts import Account
from console.services.decisions import not_rehearsed
from console.services.reviews import Acceptance, Decision, Policy, Review
from console.services.runs import Run, RunEvent
from console.web.glance import Fact, facts_of, ledger_of

STEPS_OPEN = 6  # a plan of more steps is a list of them first


@dataclass(frozen=True)
class Neighbour:
    """A revision beside a step in the chain: "before" it or "after" it."""

    place: str
    revision: Revision


@dataclass(frozen=True)
class StepView:
    """One step with its script beside what it executed; `lines` are those of the function that runs.
    In a long plan it `is_open` only where there is something to look at."""

    number: int
    step: Step
    source: str | None
    lines: tuple[int, ...]
    neighbours: tuple[Neighbour, ...]
    result: StepResult | None
    is_open: bool = True


@dataclass(frozen=True)
class FindingView:
    """One finding with what a form calls it, who accepted it in the review, and what may be done:
    `take_back` is None where there is nothing to take back."""

    hazard: Hazard
    name: str
    acceptance: Acceptance | None
    take_back: Decision | None

    @property
    def state(self) -> str:
        """What its badge says: "accepted", "error" or "warning"."""
        is_accepted = self.acceptance is not None and self.acceptance.counts
        return "accepted" if is_accepted or self.hazard.accepted else self.hazard.severity


@dataclass(frozen=True)
class ReviewPage:
    """Everything that templates/reviews/show.html needs besides the review."""

    facts: tuple[Fact, ...]
    steps: tuple[StepView, ...]
    findings: tuple[FindingView, ...]
    approvals: int
    required: int
    accept: Decision
    approve: Decision
    refuse: Decision
    apply: Decision
    renew: Decision
    close: Decision
    comment: Decision
    rehearse: Decision
    active_run: Run | None
    cancel: Decision | None
    events: tuple[RunEvent, ...]
    next_sentence: str
    ledger: Ledger | None
    is_over: bool
    loses: bool


def page_of(
    review: Review,
    account: Account,
    policy: Policy,
    targets: Mapping[str, Target],
    events: tuple[RunEvent, ...] = (),
) -> ReviewPage:
    """The page of `review` as `account` sees it; `events` are those of the run that is going on."""
    decisions = {
        name: getattr(reviews, f"may_{name}")(review, account, policy)
        for name in (
            "accept",
            "approve",
            "refuse",
            "apply",
            "renew",
            "close",
            "comment",
            "rehearse",
        )
    }
    target = targets.get(review.target)
    active = active_run_of(review)
    approvals = len(review.approvers)
    return ReviewPage(
        facts=facts_of(review, approvals, policy.approvals_required),
        steps=steps_of(review, read_history(target) if target else None),
        findings=findings_of(review, account),
        approvals=approvals,
        required=policy.approvals_required,
        active_run=active,
        cancel=reviews.may_cancel(active, account) if active else None,
        events=events,
        next_sentence=_next_sentence(review, active, decisions),
        ledger=ledger_of(review),
        is_over=review.state in ("applied", "closed"),
        loses=would_lose(review),
        **decisions,
    )


def findings_of(review: Review, account: Account) -> tuple[FindingView, ...]:
    """Every finding as `account` sees it: what is not accepted first, else in the order it came."""
    views = []
    for hazard in review.hazards:
        found = review.acceptance_of(hazard)
        holds = found is not None and found.counts
        take_back = reviews.may_take_back(review, account, found) if found and holds else None
        views.append(FindingView(hazard, name_of(hazard), found, take_back))
    return tuple(sorted(views, key=lambda view: view.state == "accepted"))


def would_lose(review: Review) -> bool:
    """Whether the rehearsal lost data, so that applying asks once more."""
    ledger = review.rehearsal.ledger if review.rehearsal else None
    return bool(ledger and ledger.losses)


def active_run_of(review: Review) -> Run | None:
    """The run of this review that waits or is going on."""
    for run in (review.apply_run, review.rehearsal_run):
        if run and run.is_active:
            return run
    return None


def _next_sentence(review: Review, active: Run | None, decisions: Mapping[str, Decision]) -> str:
    """What the person who looks does next, in a sentence."""
    if review.state == "applied":
        return "Nothing: it is applied."
    if review.state == "closed":
        return "Nothing: it is closed, and was not applied."
    if active:
        what = "rehearsal" if active.kind == "rehearsal" else "apply"
        return f"Wait: the {what} {'is waiting for the worker' if active.state == 'queued' else 'is running'}."
    if not review.is_current:
        if decisions["renew"].allowed:
            return "Renew the review, since the files changed; it will be rehearsed again."
        return review.plan_error or decisions["apply"].reason
    if decisions["apply"].allowed:
        return "It can be applied."
    if decisions["approve"].allowed:
        return "Approve it or refuse it."
    if missing := not_rehearsed(review):
        return missing
    return decisions["approve"].reason if review.state != "approved" else decisions["apply"].reason


def steps_of(review: Review, history: History | None) -> tuple[StepView, ...]:
    """Each step of the plan with its script, its neighbours, and its statements if it was rehearsed."""
    results = {step.revision: step for step in _results(review)}
    notable = {hazard.revision for hazard in review.hazards}
    if review.rehearsal and review.rehearsal.failed_revision:
        notable.add(review.rehearsal.failed_revision)
    views = []
    for number, step in enumerate(review.plan.steps, 1):
        source = _source(history, step.revision)
        views.append(
            StepView(
                number=number,
                step=step,
                source=source,
                lines=_lines_of(source or "", "upgrade" if step.direction == "up" else "downgrade"),
                neighbours=_neighbours(history, step.revision),
                result=results.get(step.revision),
                is_open=len(review.plan.steps) <= STEPS_OPEN or step.revision in notable,
            )
        )
    return tuple(views)


def _lines_of(source: str, function: str) -> tuple[int, ...]:
    """The line numbers of a function of the script; none if it cannot be read."""
    try:
        body = parse(source).body
    except SyntaxError:
        return ()
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return tuple(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return ()


def _results(review: Review) -> tuple[StepResult, ...]:
    if review.apply_run and review.apply_run.outcome:
        return review.apply_run.outcome.steps
    return review.rehearsal.steps if review.rehearsal else ()


def _source(history: History | None, revision: str) -> str | None:
    try:
        return history.source(history.find(revision)) if history else None
    except (HistoryError, OSError):
        return None


def _neighbours(history: History | None, revision: str) -> tuple[Neighbour, ...]:
    if history is None:
        return ()
    try:
        own = history.find(revision)
    except HistoryError:
        return ()
    before = [Neighbour("before", each) for each in history.revisions if each.id in own.parents]
    after = [Neighbour("after", each) for each in history.revisions if own.id in each.parents]
    return tuple(before + after)
