"""baseline: take over a database that was there before its history, on the record."""

from __future__ import annotations

from collections.abc import Mapping

from console.schema.baseline import Baseline
from console.schema.stamp import stamp
from console.schema.target import Target
from console.services import audit
from console.services.account import Account
from console.services.decisions import Policy
from console.services.errors import Conflict, Refused
from console.services.permissions import require
from console.services.queue import active_targets
from console.services.targets import find_target
from console.services.visit import BY_REVIEW
from console.services.wording import place
from console.store.standing import StandingRow
from console.store.store import Store
from console.store.times import now

APPROVER = "an approver can allow it: `manage.py baseline --yes --approver EMAIL`"


def adopt(
    store: Store,
    targets: Mapping[str, Target],
    baseline: Baseline,
    *,
    actor_name: str,
    policy: Policy,
    approver: Account | None = None,
    reason: str = "",
) -> tuple[str, ...]:
    """Stamp a database with the heads of its baseline, and write it to the audit trail.

    Where reviews decide it takes an `approver`, an account that has said who it is, since no review
    can hold a stamp. Refused without one, and where the database stands in its history already, or
    differs from it without a `reason`; Forbidden where the account may not approve plans; Conflict
    while a run has it; PlanChanged where it changed since the baseline was found.
    """
    if approver is not None:
        require(approver, "approve")
    elif not policy.unreviewed:
        raise Refused(f"{BY_REVIEW}, and no review can hold a stamp. But {APPROVER}.")
    target = find_target(targets, baseline.target)
    if baseline.start:
        raise Refused(
            f"'{target.name}' stands at {place(baseline.start)} already. A baseline is for a "
            "database without a place in its history; take this one further with `manage.py migrate`."
        )
    if not baseline.heads:
        raise Refused("The history has no revision to stamp the database with.")
    if not baseline.is_identical and not reason.strip():
        raise Refused(
            f"'{target.name}' is not what its history makes up to {place(baseline.heads)}. "
            "Bring them together, or accept the differences with a written reason."
        )
    with store.read() as session:
        if target.name in active_targets(session):
            raise Conflict(f"A run has '{target.name}'. Wait until it has finished.")
    heads = stamp(target, baseline.heads, start=baseline.start, fingerprint=baseline.fingerprint)
    _record(store, target, baseline, heads, actor_name, approver, reason.strip())
    return heads


def _record(
    store: Store,
    target: Target,
    baseline: Baseline,
    heads: tuple[str, ...],
    actor_name: str,
    approver: Account | None,
    reason: str,
) -> None:
    """Remember where the target stands now, and who said so."""
    text = f"{actor_name} stamped {target.name} with {place(heads)}, as its baseline"
    if baseline.is_identical:
        text += ": it is what the history makes."
    else:
        names = ", ".join(table.name for table in baseline.difference.tables)
        text += f", although {names} differ from what the history makes: {reason}"
    if approver:
        text += f"{'' if text.endswith('.') else '.'} {approver.name} allowed it."
    with store.begin() as session:
        row = session.get(StandingRow, target.name)
        if row is None:
            row = StandingRow(target=target.name)
            session.add(row)
        row.identity, row.heads, row.noted_at = target.identity[:500], sorted(heads), now()
        audit.record(
            session,
            actor=approver or actor_name,
            action="target.baselined",
            subject=target.name,
            text=text,
            data={"heads": heads, "difference": baseline.difference, "reason": reason},
        )
