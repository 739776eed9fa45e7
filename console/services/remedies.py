"""remedies: ways out of an interruption, tried on a clone, and taken with a line in the audit trail."""

from __future__ import annotations

from dataclasses import replace

from console.schema.errors import ChildDied, SchemaError
from console.schema.interruption import Interruption
from console.schema.ledger import Ledger
from console.schema.mend import Tried, mend, try_out
from console.schema.plan import Plan, make_plan
from console.services.ailment import Ailment, Remedy, RemedyKind
from console.services.approved import apply_approved, find_approved
from console.services.mandate import mandate_for
from console.services.migrate import migrate_now
from console.services.visit import APPROVER, BY_REVIEW, Visit
from console.services.wording import count_of, place

STAMP_REFUSED = "The schema is not that of any place in the history, so no stamp would be true."
WORDS = {"up": ("applied", "Bring in the rest"), "down": ("undone", "Take out the rest")}


def interrupted(visit: Visit, found: Interruption) -> Ailment:
    """The ailment of a revision that is there in part, with its remedies tried."""
    done, rest = WORDS[found.direction]
    resume = _go_on(visit, found) if found.is_journaled else _remedy(visit, found, "resume", rest)
    undo = _remedy(visit, found, "undo", "Go back to where it began")
    number = sum(one.state == "applied" for one in found.statements)
    source = "its journal" if found.is_journaled else "the schema"
    return Ailment(
        "half-applied",
        visit.target.name,
        f"{found.revision} is {done} in part: {number} of {count_of(len(found.statements), 'statement')}"
        f", as {source} tells.",
        (resume, undo, Remedy("stamp", "Stamp it.", refusal=STAMP_REFUSED)),
        tuple(f"{one.state}: {' '.join(one.sql.split())}" for one in found.statements),
    )


def _remedy(visit: Visit, found: Interruption, kind: RemedyKind, what: str) -> Remedy:
    """A way out that executes statements by themselves."""
    target, workspace = visit.target, visit.workshop.workspace
    way = found.undo if kind == "undo" else found.resume
    text = f"{what}, and stand at {place(way.heads)}."
    if way.refusal:
        return Remedy(kind, f"{what}.", refusal=way.refusal)
    try:
        tried = try_out(target, found, way, workspace=workspace, progress=visit.progress)
    except SchemaError as error:
        tried = Tried(refusal=f"It could not be tried on a copy: {error}")
    if tried.mend is None:
        return Remedy(kind, text, refusal=tried.refusal)

    def take() -> Ledger:
        try:
            with visit.taking():
                ledger = mend(target, tried, cancelled=visit.cancelled)
        except ChildDied as error:
            begun = "take out" if kind == "undo" else "complete"
            visit.record(f"began to {begun} {found.revision}, which did not reach its end: {error}")
            raise
        visit.record(
            f"{'took out' if kind == 'undo' else 'completed'} {found.revision} by hand of the doctor: "
            f"{count_of(len(tried.statements), 'statement')}. {ledger.verdict}",
            heads=way.heads,
            data={"statements": tried.statements, "ledger": ledger},
        )
        return ledger

    assert tried.ledger is not None
    effect = (tried.ledger.verdict, *tried.ledger.losses)
    return visit.guarded(Remedy(kind, text, tried.statements, effect, take=take))


def _go_on(visit: Visit, found: Interruption) -> Remedy:
    """Resume what has a journal: by a new plan, which is rehearsed and goes on after the journal."""
    preview = found.resume.choices[0] if found.resume.choices else ()
    text = f"Go on with {found.revision} where the journal ends, rehearsed on a clone first."
    try:
        plan = make_plan(visit.target, found.goal)
    except SchemaError as error:
        return Remedy("resume", text, refusal=str(error))
    if [step.revision for step in plan.steps] != [found.revision]:
        why = "No plan consists of this revision alone. Make one that begins with it."
        return Remedy("resume", text, refusal=why)
    effect = ("The revision itself runs; values come from the rows that it finds.",)
    return _resume(visit, plan, Remedy("resume", text, preview, effect))


def _resume(visit: Visit, plan: Plan, remedy: Remedy) -> Remedy:
    """The remedy that applies a plan which goes on: by its own review, or else as the end of one that
    a review approved, or else where that is not asked for."""
    workshop = visit.workshop
    store, targets, policy = workshop.store, workshop.targets, workshop.policy
    review = find_approved(store, targets, plan, policy)
    mandate = mandate_for(store, plan, policy)

    def apply_as_reviewed() -> object:
        assert review is not None
        return apply_approved(
            store,
            targets,
            review,
            actor_name=visit.actor_name,
            workspace=workshop.workspace,
            policy=policy,
            progress=visit.progress,
            cancelled=visit.cancelled,
        )

    def apply() -> object:
        allowed = f"allowed by {visit.approver.name}" if visit.approver else "without a review"
        number = mandate.review_id
        return migrate_now(
            store,
            targets,
            target=plan.target,
            goal=plan.goal,
            actor_name=visit.actor_name,
            workspace=workshop.workspace,
            progress=visit.progress,
            cancelled=visit.cancelled,
            digest=plan.digest,
            mandate=f"to finish what review {number} approved" if number else allowed,
            completes=number if mandate.completes else None,
        )

    if review is not None:
        return replace(remedy, take=apply_as_reviewed)
    if mandate.review_id is not None:
        return replace(remedy, take=apply)
    why = (
        f"{BY_REVIEW}, and {mandate.reason}. Open a review of the plan to {plan.goal}, and apply it "
        f"when it is approved; or {APPROVER}."
    )
    return visit.guarded(replace(remedy, take=apply), why)
