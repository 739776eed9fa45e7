"""Rules about the way back."""

from __future__ import annotations

from collections.abc import Iterator

from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.schema.plan import Step
from console.schema.rehearsal import WayBack

NO_WAY_BACK = 'raise NotImplementedError("There is no way back from this revision.")'


@rule(
    "empty-downgrade",
    "warning",
    "A downgrade that does nothing is stamped as done: the database then claims a revision that its "
    "schema does not have.",
    instead="Undo what the upgrade does, or raise NotImplementedError.",
)
def empty_downgrade(evidence: Evidence) -> Iterator[Finding]:
    """Revisions on the path whose downgrade does nothing while their upgrade does something."""
    for step in evidence.steps:
        revision = evidence.history.by_id.get(step.revision)
        if (
            revision is None
            or not revision.is_downgrade_empty
            or not _does_something(evidence, step.revision)
        ):
            continue
        yield Finding(
            step.revision,
            step.message or step.revision,
            "The downgrade does nothing, so the way back promises what it does not keep.",
            f"def downgrade():\n    {NO_WAY_BACK}",
        )


def _does_something(evidence: Evidence, revision: str) -> bool:
    """Whether the upgrade changes anything; a merge does not. Taken for granted where unknown."""
    if evidence.plan.direction == "down" or evidence.rehearsal is None:
        known = evidence.history.by_id.get(revision)
        return known is None or not known.is_merge
    return any(statement.revision == revision for statement in evidence.statements()) or any(
        operation.revision == revision for operation in evidence.rehearsal.operations
    )


@rule(
    "lossy-downgrade",
    "warning",
    "Whoever goes back after a failed deployment relies on the downgrade: it has to bring back the "
    "schema and the values that were there, or refuse.",
    instead="Bring everything back, or raise NotImplementedError.",
)
def lossy_downgrade(evidence: Evidence) -> Iterator[Finding]:
    """Upgrades after whose way back, on the clone, not everything is as it was."""
    way_back = evidence.rehearsal.way_back if evidence.rehearsal else None
    if way_back is None or evidence.plan.direction == "down" or not evidence.steps:
        return
    last = _step_of_loss(evidence, way_back)
    subject = last.message or last.revision
    if not way_back.works:
        if "NotImplementedError" not in (way_back.error or ""):
            yield Finding(
                last.revision,
                subject,
                f"The way back fails: {way_back.error}",
                f"def downgrade():\n    {NO_WAY_BACK}",
            )
        return
    losses = list(way_back.ledger.losses) if way_back.ledger else []
    if way_back.ledger and not way_back.ledger.is_clean and not losses:
        losses = [e.sentence for e in way_back.ledger.entries if e.verdict == "changed"]
        losses += way_back.ledger.settings_lost
    if way_back.difference:
        names = ", ".join(table.name for table in way_back.difference.tables)
        losses.append(f"the schema of {names} is not what it was")
    if losses:
        yield Finding(
            last.revision,
            subject,
            f"Up and back again is not where it began: {'; '.join(losses)}.",
            f"def downgrade():\n    {NO_WAY_BACK}",
        )


def _step_of_loss(evidence: Evidence, way_back: WayBack) -> Step:
    """The step to whose file a loss on the way back belongs: the last that dropped something of a
    table that is not as it was; else the last of the plan."""
    changed = (
        {e.table for e in way_back.ledger.entries if e.verdict in ("changed", "lost")}
        if way_back.ledger
        else set()
    )
    drops = [
        o.revision for o in evidence.operations("drop_column", "drop_table") if o.table in changed
    ]
    return next(
        (s for s in evidence.steps if drops and s.revision == drops[-1]), evidence.steps[-1]
    )
