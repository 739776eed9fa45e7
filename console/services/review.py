"""review: a plan put before people, with its votes, its discussion and its runs, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from console.hazards.hazard import Hazard
from console.schema.plan import Plan
from console.schema.rehearsal import Rehearsal
from console.services.account import Account
from console.services.runs import Run

ReviewState = Literal["open", "approved", "refused", "applying", "applied", "closed"]
Vote = Literal["approve", "refuse"]
UNDER_WAY: tuple[ReviewState, ...] = ("open", "approved", "applying")


@dataclass(frozen=True)
class Approval:
    """One vote on one plan digest; `is_void` when that is not what would run now.

    `is_withdrawn` when its account was switched off, or lost the role, before the plan was applied.
    """

    id: int
    account: Account
    digest: str
    vote: Vote
    reason: str
    created_at: datetime
    is_void: bool
    is_withdrawn: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is about what would run now, by somebody who may still decide."""
        return not self.is_void and not self.is_withdrawn


@dataclass(frozen=True)
class Acceptance:
    """A finding of this plan that somebody accepted in the review; `danger` is what it said then.

    It is void and withdrawn as an approval is.
    """

    id: int
    account: Account
    revision: str
    code: str
    subject: str
    danger: str
    reason: str
    created_at: datetime
    is_void: bool = False
    is_withdrawn: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is about what would run now, by somebody who may still decide."""
        return not self.is_void and not self.is_withdrawn

    def covers(self, hazard: Hazard) -> bool:
        """Whether it is about this finding."""
        return (self.revision, self.code, self.subject) == finding_of(hazard)


def finding_of(hazard: Hazard) -> tuple[str, str, str]:
    """What makes a finding the same one in another rehearsal: revision, code and subject."""
    return (hazard.revision, hazard.code, hazard.subject)


@dataclass(frozen=True)
class Comment:
    """One contribution to the discussion."""

    id: int
    account: Account
    text: str
    created_at: datetime


@dataclass(frozen=True)
class Review:
    """One review as it stands now.

    `plan` is what was put before people. While the review can still be applied the plan is made
    again at every look: `changes` then says what differs, in words, and `plan_error` why there is
    no such plan any more; either one voids every approval, unless the database could not be read now
    (`is_certain` is False). `rehearsal` is the latest one of this
    plan, failed ones included; `hazards` were judged with it. `renewed_by` made the plan current.
    """

    id: int
    title: str
    description: str
    target: str
    goal: str
    direction: str
    plan: Plan
    state: ReviewState
    author: Account
    created_at: datetime
    approvals: tuple[Approval, ...] = ()
    comments: tuple[Comment, ...] = ()
    rehearsal_run: Run | None = None
    rehearsal: Rehearsal | None = None
    hazards: tuple[Hazard, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()
    apply_run: Run | None = None
    changes: tuple[str, ...] = ()
    plan_error: str | None = None
    is_certain: bool = True
    renewed_by: Account | None = None

    @property
    def is_current(self) -> bool:
        """Whether what people voted on is still what would run."""
        return not self.changes and self.plan_error is None

    @property
    def approvers(self) -> tuple[Account, ...]:
        """Who agrees to this very plan: the latest vote of each person counts."""
        latest = {vote.account.id: vote for vote in self.approvals if vote.counts}
        return tuple(vote.account for vote in latest.values() if vote.vote == "approve")

    @property
    def is_rehearsed(self) -> bool:
        """Whether this very plan was rehearsed and nothing failed."""
        run = self.rehearsal_run
        is_this = run is not None and run.is_readable and run.digest == self.plan.digest
        return run is not None and is_this and run.state == "succeeded"

    def acceptance_of(self, hazard: Hazard) -> Acceptance | None:
        """Who accepted this finding in the review, void acceptances included; None for nobody."""
        found = [each for each in self.acceptances if each.covers(hazard)]
        return next((each for each in found if each.counts), found[-1] if found else None)

    def is_accepted(self, hazard: Hazard) -> bool:
        """Whether its file or somebody in the review accepts this finding."""
        found = self.acceptance_of(hazard)
        return bool(hazard.accepted) or (found is not None and found.counts)

    @property
    def unmet(self) -> tuple[Acceptance, ...]:
        """The acceptances of the review whose findings its last rehearsal has not made any more."""
        found = {finding_of(hazard) for hazard in self.hazards}
        named = ((each.revision, each.code, each.subject) for each in self.acceptances)
        return tuple(a for a, n in zip(self.acceptances, named, strict=True) if n not in found)

    @property
    def unanswered(self) -> tuple[Hazard, ...]:
        """The errors that neither their file nor anybody in the review accepts."""
        blocking = (hazard for hazard in self.hazards if hazard.is_blocking)
        return tuple(hazard for hazard in blocking if not self.is_accepted(hazard))

    @property
    def needs_reason(self) -> bool:
        """Whether an approval has to say why: it then accepts every error that is unanswered."""
        return bool(self.unanswered)


@dataclass(frozen=True)
class ReviewSummary:
    """One line of a list of reviews; `state` is as last written, without planning again."""

    id: int
    title: str
    target: str
    goal: str
    direction: str
    state: ReviewState
    author: Account
    created_at: datetime
    steps: int
    approvals: int
    comments: int
    rehearsal_state: str | None
