"""glance: the strip on top of a plan's page: what changes, what could go wrong, is the data safe, how
long does it take, who has agreed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from console.schema.ledger import Ledger
from console.schema.rehearsal import Outcome, Rehearsal
from console.services.reviews import Review
from console.web.filters import count, duration

Mood = Literal["good", "bad", "warn", "neutral", "accent"]
NOT_SO_FAR = "The rehearsal did not get that far"


@dataclass(frozen=True)
class Fact:
    """One answer of the strip on top: the question in a word, the answer, how to feel about it."""

    question: str
    answer: str
    detail: str
    mood: Mood
    anchor: str


def ledger_of(review: Review) -> Ledger | None:
    """The ledger to show: of the run for real once there is one, of the rehearsal before."""
    outcome: Outcome | None = review.apply_run.outcome if review.apply_run else None
    if outcome:
        return outcome.ledger
    return review.rehearsal.ledger if review.rehearsal else None


def facts_of(review: Review, approvals: int, required: int) -> tuple[Fact, ...]:
    """The answers of one glance: what changes, what could go wrong, is the data safe, how long, who agreed."""
    rehearsal = review.rehearsal
    is_over = review.state in ("applied", "closed")
    if not (is_over or review.is_current):
        answer = "Not known any more" if review.is_certain else "Not known now"
        why = "The files changed" if review.changes else "There is no plan"
        stale = (
            Fact(question, answer, why, "warn", "rehearsal")
            for question in ("What changes", "What could go wrong", "Is the data safe", "How long")
        )
        return (*stale, _who_agreed(review, approvals, required))
    return (
        _what_changes(review, rehearsal),
        _what_could_go_wrong(review, rehearsal),
        _is_the_data_safe(review, rehearsal),
        _how_long(review, rehearsal),
        _who_agreed(review, approvals, required),
    )


def _what_changes(review: Review, rehearsal: Rehearsal | None) -> Fact:
    steps = count(len(review.plan.steps), "step")
    way = "forward" if review.direction == "up" else "back"
    if rehearsal is None or not rehearsal.succeeded:
        detail = "The rehearsal will show it" if rehearsal is None else NOT_SO_FAR
        return Fact("What changes", f"{steps} {way}", detail, "neutral", "schema")
    tables = rehearsal.difference.tables
    if not tables:
        return Fact("What changes", "Nothing in the schema", f"{steps} {way}", "neutral", "schema")
    names = ", ".join(table.name for table in tables[:3]) + (" …" if len(tables) > 3 else "")
    return Fact(
        "What changes", names, f"{count(len(tables), 'table')}, {steps} {way}", "accent", "schema"
    )


def _what_could_go_wrong(review: Review, rehearsal: Rehearsal | None) -> Fact:
    question = "What could go wrong"
    if rehearsal is None:
        return Fact(question, "Not known yet", "It takes a rehearsal", "neutral", "hazards")
    if not rehearsal.succeeded:
        return Fact(
            question, "The rehearsal failed", "On a clone; nothing was changed", "bad", "rehearsal"
        )
    errors, accepted = len(review.unanswered), sum(map(review.is_accepted, review.hazards))
    warnings = len(review.hazards) - errors - accepted
    if errors:
        also = f"and {count(warnings, 'warning')}" if warnings else "Each with its rewrite below"
        return Fact(question, count(errors, "danger"), also, "bad", "hazards")
    if warnings:
        return Fact(
            question, count(warnings, "warning"), "Each with its rewrite below", "warn", "hazards"
        )
    if accepted:
        return Fact(question, f"{accepted} accepted", "Each with a reason", "warn", "hazards")
    return Fact(question, "No hazard found", "Every rule was asked", "good", "hazards")


def _is_the_data_safe(review: Review, rehearsal: Rehearsal | None) -> Fact:
    question, ledger = "Is the data safe", ledger_of(review)
    if ledger is None:
        detail = "It takes a rehearsal" if rehearsal is None else NOT_SO_FAR
        return Fact(question, "Not known yet", detail, "neutral", "rehearsal")
    rows = sum(entry.rows_before or 0 for entry in ledger.entries)
    of = " of a sample" if ledger.is_sample else ""
    compared = f"{count(rows, 'row')}{of} compared"
    if ledger.losses:
        answer = "Data was lost" if review.state == "applied" else "Data will be lost"
        more = len(ledger.losses) - 1
        also = f", and {count(more, 'more loss', 'more losses')}" if more else ""
        return Fact(question, answer, ledger.losses[0] + also, "bad", "rehearsal")
    if ledger.settings_lost:
        return Fact(question, "Rights or settings go", ledger.settings_lost[0], "warn", "rehearsal")
    if not ledger.is_clean:
        return Fact(question, "Values change", compared, "warn", "rehearsal")
    if ledger.is_sample:
        return Fact(question, "Kept in a sample", compared, "warn", "rehearsal")
    return Fact(question, "Everything is kept", compared, "good", "rehearsal")


def _how_long(review: Review, rehearsal: Rehearsal | None) -> Fact:
    question = "How long"
    if review.apply_run and review.apply_run.outcome:
        took = duration(review.apply_run.outcome.milliseconds)
        return Fact(question, took, "It took, for real", "neutral", "rehearsal")
    if rehearsal is None:
        return Fact(question, "Not known yet", "It takes a rehearsal", "neutral", "rehearsal")
    if not rehearsal.succeeded:
        return Fact(question, "Not known yet", NOT_SO_FAR, "neutral", "rehearsal")
    return Fact(question, duration(rehearsal.milliseconds), "On the clone", "neutral", "rehearsal")


def _who_agreed(review: Review, approvals: int, required: int) -> Fact:
    question = "Who agreed"
    refused = [
        each.account.name for each in review.approvals if each.vote == "refuse" and not each.is_void
    ]
    if refused:
        return Fact(
            question, f"Refused by {refused[0]}", "The reason is in the votes", "bad", "votes"
        )
    names = [account.name for account in review.approvers]
    if approvals >= required:
        return Fact(
            question, ", ".join(names), f"{approvals} of {required} needed", "good", "votes"
        )
    if any(each.is_void for each in review.approvals):
        return Fact(
            question, "Nobody any more", "The files changed: votes are void", "warn", "votes"
        )
    return Fact(
        question,
        ", ".join(names) or "Nobody yet",
        f"{approvals} of {required} needed",
        "neutral",
        "votes",
    )
