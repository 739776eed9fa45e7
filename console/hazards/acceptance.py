"""acceptance: findings that a revision file itself accepts, by a comment with a reason.

    # console: accept drop-column because the data moved to prices
    # console: accept drop-column products.price because the data moved to prices

The first accepts every finding of that code in the revision, the second the one about that subject.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from console.hazards.evidence import Evidence
from console.hazards.hazard import Hazard
from console.hazards.registry import RULES, Finding, rule
from console.hazards.remark import nothing

COMMENT = re.compile(r"^#\s*console\s*:\s*(.*?)\s*$", re.IGNORECASE)
ACCEPT = re.compile(
    r"^accept\s+(?P<code>[\w-]+)(?:\s+(?P<subject>\S.*?))??\s+because\s+(?P<why>.*\S)$"
)
NEVER = frozenset({"acceptance-not-understood", "acceptance-unused"})


@dataclass(frozen=True)
class Acceptance:
    """A comment that accepts findings of `code`: all of the revision, or that about `subject`."""

    revision: str
    line: int
    code: str
    subject: str
    reason: str

    @property
    def named(self) -> str:
        """What it accepts: "drop-column products.price"."""
        return f"{self.code} {self.subject}".strip()

    def covers(self, hazard: Hazard) -> bool:
        """Whether it is about this finding."""
        return (
            (self.revision, self.code) == (hazard.revision, hazard.code)
            and self.subject in ("", hazard.subject)
            and hazard.code not in NEVER
        )


def accept(hazard: Hazard, acceptances: tuple[Acceptance, ...]) -> Hazard:
    """Return a finding, marked as accepted where a comment says so."""
    found = next((a for a in acceptances if a.covers(hazard)), None)
    return replace(hazard, accepted=found.reason) if found else hazard


def acceptances(evidence: Evidence) -> tuple[Acceptance, ...]:
    """Every comment in the plan's files that accepts something."""
    return tuple(
        Acceptance(revision, line, found["code"], found["subject"] or "", found["why"])
        for revision, line, text in _remarks(evidence)
        if (found := _understood(text))
    )


@rule(
    "acceptance-not-understood",
    "warning",
    "A comment that is meant to accept a finding, but names no rule or no reason, accepts nothing.",
    instead="Write: # console: accept CODE because REASON.",
)
def acceptance_not_understood(evidence: Evidence) -> Iterator[Finding]:
    """Comments for the console that accept nothing."""
    for revision, line, text in _remarks(evidence):
        if _understood(text) is None:
            yield Finding(
                revision,
                f"line {line}",
                f"The comment in line {line} accepts nothing: “{text}”.",
                "# console: accept drop-column because the data moved to prices",
            )


@rule(
    "acceptance-unused",
    "warning",
    "A comment that accepts what is not there accepts it unseen on the day when it comes.",
    instead="Take the comment out, or name the finding that it means.",
)
def acceptance_unused(evidence: Evidence) -> Iterator[Finding]:
    """Told by `unused`, which has to know what all other rules have found."""
    return iter(())


def unused(evidence: Evidence, hazards: Sequence[Hazard]) -> Iterator[Finding]:
    """Comments that accept nothing that was found. Only a rehearsal that went well finds all that
    there is."""
    rehearsal = evidence.rehearsal
    if rehearsal is None or not rehearsal.succeeded:
        return
    for each in unmet(evidence, hazards):
        others = ", ".join(
            h.subject for h in hazards if (h.revision, h.code) == (each.revision, each.code)
        )
        yield Finding(
            each.revision,
            f"line {each.line}",
            f"The comment in line {each.line} accepts {each.named}, which was not found"
            f"{f'; {each.code} was found about {others}' if others else ''}.",
            "# take the comment out, or name what was found",
        )


def unmet(evidence: Evidence, hazards: Sequence[Hazard]) -> Iterator[Acceptance]:
    """Yield what accepts nothing of what was found. A comment may be meant for another database, for
    the way up, or for squawk where nobody asks it: those are left out."""
    if evidence.plan.direction == "down":
        return
    is_silent = evidence.linter is nothing or bool(evidence.remarks.problem)
    for each in acceptances(evidence):
        is_unasked = each.code.startswith("squawk-") and is_silent
        is_meant = not is_unasked and RULES[each.code].concerns(evidence.database)
        if is_meant and not any(each.covers(hazard) for hazard in hazards):
            yield each


def _understood(text: str) -> re.Match[str] | None:
    found = ACCEPT.match(text)
    return found if found and found["code"] in RULES else None


def _remarks(evidence: Evidence) -> Iterator[tuple[str, int, str]]:
    """(revision, line, text) of every comment that begins with "console:"."""
    for step in evidence.steps:
        revision = evidence.history.by_id.get(step.revision)
        if revision is None:
            continue
        try:
            source = evidence.history.source(revision)
            found = list(tokenize.generate_tokens(io.StringIO(source).readline))
        except (OSError, SyntaxError, tokenize.TokenError):
            continue  # what cannot be read says so elsewhere
        for token in found:
            remark = COMMENT.match(token.string) if token.type == tokenize.COMMENT else None
            if remark:
                yield step.revision, token.start[0], remark[1]
