"""render: the values of the core as lines of text, the same in every command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from console.hazards.hazard import Hazard
from console.schema.catalogue import Change, Difference
from console.schema.ledger import Ledger
from console.schema.plan import Plan
from console.services.review import Acceptance, finding_of

SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def plan_lines(plan: Plan) -> Iterator[str]:
    """A plan: where it begins, its steps, where it ends, its digest."""
    yield f"Planned for '{plan.target}':"
    for step in plan.steps:
        yield f"  {step.direction:<4} {step.revision}  {step.message}"
    yield f"From {', '.join(plan.start) or 'base'} to {', '.join(plan.end) or 'base'}."
    yield f"Digest {plan.digest}"


def hazard_lines(
    hazards: Iterable[Hazard], review: int | None = None, acceptances: Iterable[Acceptance] = ()
) -> Iterator[str]:
    """Hazards, worst first: what goes wrong, why, who accepts it in its review, and what to write
    instead."""
    accepted = {(each.revision, each.code, each.subject): each for each in acceptances}
    for hazard in hazards:
        place = f" in {hazard.revision}" if hazard.revision else ""
        yield f"{hazard.severity}: {hazard.code}: {hazard.subject}{place}"
        yield f"    {hazard.danger} {hazard.reason}"
        if hazard.accepted:
            yield f"    Accepted in the revision: {hazard.accepted}"
        if found := accepted.get(finding_of(hazard)):
            reason = " ".join(found.reason.split())
            yield f"    Accepted by {found.account.name} in review {review}: {reason}"
        if hazard.rewrite:
            yield from (f"    | {line}" for line in hazard.rewrite.strip().splitlines())


def difference_lines(difference: Difference) -> Iterator[str]:
    """A schema difference, per table and view, each change with its sign."""
    for table in difference.tables:
        yield f"{SIGNS[table.sign]} {table.noun} {table.name}"
        yield from (f"    {change_line(change)}" for change in table.changes)


def change_line(change: Change) -> str:
    """One change: "+ column price NUMERIC(10, 2), nullable"."""
    words = " ".join(part for part in (SIGNS[change.sign], change.kind, change.name) if part)
    if change.sign == "changed":
        return f"{words}: {change.before} becomes {change.after}"
    return f"{words} {change.after or change.before or ''}".rstrip()


def ledger_lines(ledger: Ledger) -> Iterator[str]:
    """A ledger: its verdict, then a sentence for each table, and the objects lost or gained."""
    yield ledger.verdict
    yield from (f"  {entry.sentence}" for entry in ledger.entries)
    yield from (f"  {growth}" for growth in ledger.more)
    yield from (f"  {kind} {name} lost" for kind, name in ledger.objects_lost)
    yield from (f"  {kind} {name} new" for kind, name in ledger.objects_gained)
    yield from (f"  {sentence}" for sentence in (*ledger.settings_lost, *ledger.settings_gained))
