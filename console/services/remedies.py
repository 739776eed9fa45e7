"""remedies: ways out of an interruption, tried on a clone, and taken with a line in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.schema.errors import SchemaError
from console.schema.interruption import Interruption, Way
from console.schema.ledger import Ledger
from console.schema.mend import Tried, mend, try_out
from console.schema.plan import make_plan
from console.schema.progress import Progress
from console.schema.target import Target
from console.services import audit
from console.services.ailment import Ailment, Remedy, RemedyKind
from console.services.errors import Conflict
from console.services.execution import Workshop
from console.services.migrate import migrate_now
from console.services.queue import active_targets
from console.services.wording import count_of, place
from console.store.standing import StandingRow
from console.store.store import Store
from console.store.times import now

STAMP_REFUSED = "The schema is not that of any place in the history, so no stamp would be true."
WORDS = {"up": ("applied", "Bring in the rest"), "down": ("undone", "Take out the rest")}


def interrupted(
    workshop: Workshop,
    target: Target,
    found: Interruption,
    *,
    actor_name: str,
    progress: Progress,
) -> Ailment:
    """The ailment of a revision that is there in part, with its remedies tried."""
    done, rest = WORDS[found.direction]
    if found.is_journaled:
        resume = _go_on(workshop, target, found, actor_name, progress)
    else:
        resume = _remedy(workshop, target, found, found.resume, rest, actor_name, progress)
    undo = _remedy(
        workshop, target, found, found.undo, "Go back to where it began", actor_name, progress
    )
    number = sum(one.state == "applied" for one in found.statements)
    source = "its journal" if found.is_journaled else "the schema"
    return Ailment(
        "half-applied",
        target.name,
        f"{found.revision} is {done} in part: {number} of {count_of(len(found.statements), 'statement')}"
        f", as {source} tells.",
        (resume, undo, Remedy("stamp", "Stamp it.", refusal=STAMP_REFUSED)),
        tuple(f"{one.state}: {' '.join(one.sql.split())}" for one in found.statements),
    )


def _remedy(
    workshop: Workshop,
    target: Target,
    found: Interruption,
    way: Way,
    what: str,
    actor_name: str,
    progress: Progress,
) -> Remedy:
    """A way out that executes statements by themselves."""
    kind: RemedyKind = "undo" if way is found.undo else "resume"
    text = f"{what}, and stand at {place(way.heads)}."
    if way.refusal:
        return Remedy(kind, f"{what}.", refusal=way.refusal)
    try:
        tried = try_out(target, found, way, workspace=workshop.workspace, progress=progress)
    except SchemaError as error:
        tried = Tried(refusal=f"It could not be tried on a copy: {error}")
    if tried.mend is None:
        return Remedy(kind, text, refusal=tried.refusal)

    def take() -> Ledger:
        refuse_busy(workshop.store, target)
        ledger = mend(target, tried)
        record_mended(
            workshop.store,
            target,
            actor_name,
            f"{'took out' if kind == 'undo' else 'completed'} {found.revision} by hand of the doctor: "
            f"{count_of(len(tried.statements), 'statement')}. {ledger.verdict}",
            heads=way.heads,
            data={"statements": tried.statements, "ledger": ledger},
        )
        return ledger

    assert tried.ledger is not None
    effect = (tried.ledger.verdict, *tried.ledger.losses)
    return Remedy(kind, text, tried.statements, effect, take=take)


def _go_on(
    workshop: Workshop, target: Target, found: Interruption, actor_name: str, progress: Progress
) -> Remedy:
    """Resume what has a journal: by a new plan, which is rehearsed and goes on after the journal."""

    def take() -> object:
        return migrate_now(
            workshop.store,
            workshop.targets,
            target=target.name,
            goal=found.goal,
            actor_name=actor_name,
            workspace=workshop.workspace,
            progress=progress,
        )

    preview = found.resume.choices[0] if found.resume.choices else ()
    text = f"Go on with {found.revision} where the journal ends, rehearsed on a clone first."
    try:
        steps = [step.revision for step in make_plan(target, found.goal).steps]
    except SchemaError as error:
        return Remedy("resume", text, refusal=str(error))
    if steps != [found.revision]:
        why = "No plan consists of this revision alone. Make one that begins with it."
        return Remedy("resume", text, refusal=why)
    effect = ("The revision itself runs; values come from the rows that it finds.",)
    return Remedy("resume", text, preview, effect, take=take)


def refuse_busy(store: Store, target: Target) -> None:
    """Raise Conflict while a run has the target."""
    with store.read() as session:
        if target.name in active_targets(session):
            raise Conflict(f"A run has '{target.name}'. Wait until it has finished.")


def record_mended(
    store: Store,
    target: Target,
    actor_name: str,
    what: str,
    *,
    heads: tuple[str, ...] | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write to the audit trail what was done to a target, and where it stands now if it moved."""
    with store.begin() as session:
        row = session.get(StandingRow, target.name)
        if heads is not None and row is not None:
            row.identity, row.heads, row.noted_at = target.identity[:500], sorted(heads), now()
        audit.record(
            session,
            actor=actor_name,
            action="target.mended",
            subject=target.name,
            text=f"{actor_name} looked after {target.name} and {what}",
            data=data,
        )
