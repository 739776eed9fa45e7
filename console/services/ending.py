"""ending: how a run ends, with everything that has to be written down in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from console.hazards.hazard import Hazard
from console.schema.plan import Plan
from console.schema.rehearsal import Outcome, Rehearsal
from console.schema.wire import decode, encode
from console.services import audit
from console.services.account import Account
from console.services.decisions import ENDED
from console.services.queue import rows_met, say
from console.services.runs import RunState
from console.services.wording import clean, clipped, place, title_of
from console.store.review import ReviewRow
from console.store.run import RunRow
from console.store.standing import StandingRow
from console.store.store import Store
from console.store.times import now

TOO_LATE = "asked to cancel it, but it had come to its end by then."
ACTIONS: Mapping[str, str] = {"succeeded": "finished"}


@dataclass(frozen=True)
class Ending:
    """How a run ended: `error` is a sentence unless it succeeded, `note` what else to know."""

    state: RunState
    error: str | None = None
    note: str | None = None
    outcome: Outcome | None = None
    rehearsal: Rehearsal | None = None
    hazards: tuple[Hazard, ...] = ()
    heads: tuple[str, ...] | None = None  # where the target stands now, if the run moved it
    data: Mapping[str, Any] = field(default_factory=dict)


WAITING = (
    "The database does not answer. How this run ended will be told as soon as it does; until then "
    "nothing else is applied to it."
)


def finish(store: Store, run_id: int, runner_id: int | None, ending: Ending) -> bool:
    """Write down how a run ended, and what follows for its review and its target.

    False, and nothing is written, where the run is no longer in the hands of `runner_id`.
    """
    with store.begin() as session:
        return finish_in(session, run_id, runner_id, ending)


def finish_in(
    session: Session,
    run_id: int,
    runner_id: int | None,
    ending: Ending,
    *,
    actor: Account | str = audit.CONSOLE,
    state: RunState = "running",
) -> bool:
    """The same inside the caller's transaction, for a run that is in `state`, ended by `actor`."""
    values: dict[str, Any] = {"state": ending.state, "finished_at": now(), "active_target": None}
    error, note = clean(clipped(ending.error)), clean(clipped(ending.note))
    values |= {"error": error, "note": note}
    if ending.outcome is not None:
        values["outcome"] = clean(encode(ending.outcome))
    if ending.rehearsal is not None:
        values["rehearsal"] = clean(encode(ending.rehearsal))
        values["hazards"] = {"hazards": clean(encode(ending.hazards))}
    held = update(RunRow).where(
        RunRow.id == run_id, RunRow.state == state, RunRow.runner_id == runner_id
    )
    if not rows_met(session, held.values(**values)):
        return False
    run = session.get_one(RunRow, run_id)
    if run.cancel_asked_by and ending.state == "succeeded":
        run.note = note = f"{note or ''} {run.cancel_asked_by} {TOO_LATE}".strip()
    ending = replace(ending, error=error, note=note)
    plan = decode(Plan, run.plan)
    if run.kind == "apply":
        _settle_review(session, run, ending)
        if ending.state == "succeeded":
            note_heads(session, plan, ending.heads or plan.end)
    say(session, run_id, _sentence(run, ending))
    audit.record(
        session,
        actor=actor,
        action=f"{run.kind}.{ACTIONS.get(ending.state, ending.state)}",
        subject=f"run {run.id}",
        text=_audit_text(session, run, plan, ending),
        data={"digest": run.digest, "error": ending.error, **ending.data},
        review_id=run.review_id,
        run_id=run.id,
    )
    return True


def leave(store: Store, run_id: int, runner_id: int) -> None:
    """Let go of a run whose database cannot tell yet how it ended: it stays "running", in nobody's
    hands, until a runner that looks around gets an answer."""
    held = update(RunRow).where(
        RunRow.id == run_id, RunRow.state == "running", RunRow.runner_id == runner_id
    )
    with store.begin() as session:
        if rows_met(session, held.values(runner_id=None, lease_until=None)):
            say(session, run_id, WAITING)


def note_heads(session: Session, plan: Plan, heads: tuple[str, ...]) -> None:
    """Remember where a target stands after a run of ours."""
    row = session.get(StandingRow, plan.target)
    if row is None:
        row = StandingRow(target=plan.target)
        session.add(row)
    row.identity, row.heads, row.noted_at = plan.identity[:500], sorted(heads), now()


def _settle_review(session: Session, run: RunRow, ending: Ending) -> None:
    """An applied review is done; after anything else its approvals are still there."""
    if run.review_id is None:
        return
    review = session.get_one(ReviewRow, run.review_id)
    if ending.state == "succeeded":
        review.state, review.open_digest = "applied", None
    elif review.state == "applying":
        review.state = "approved"


def _sentence(run: RunRow, ending: Ending) -> str:
    kind = "rehearsal" if run.kind == "rehearsal" else "run"
    said = [f"The {kind} {ENDED[ending.state]}.", ending.error, ending.note]
    return " ".join(text for text in said if text)


def _audit_text(session: Session, run: RunRow, plan: Plan, ending: Ending) -> str:
    review = session.get(ReviewRow, run.review_id) if run.review_id else None
    what = f"review {review.id}: {review.title}" if review else title_of(plan)
    said: list[str | None]
    if run.kind == "rehearsal":
        verdict = _verdict(ending.rehearsal)
        said = [f"The rehearsal of {what} {ENDED[ending.state]}.", ending.error or verdict]
    elif ending.state == "succeeded":
        heads = place(ending.heads or plan.end)
        verdict = ending.outcome.ledger.verdict if ending.outcome else ""
        said = [f"Run {run.id} applied {what}.", f"Now {run.target} stands at {heads}.", verdict]
    else:
        said = [f"Run {run.id}, the apply of {what}, {ENDED[ending.state]}.", ending.error]
    return " ".join(text for text in (*said, ending.note) if text)


def _verdict(rehearsal: Rehearsal | None) -> str:
    return rehearsal.ledger.verdict if rehearsal and rehearsal.ledger else ""
