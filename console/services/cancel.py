"""cancel: asking for the end of a run, and hearing of it where the run is executed."""

from __future__ import annotations

import logging
import threading
from types import TracebackType

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from console.schema.cancel import Cancelled, never
from console.services import audit
from console.services.account import Account
from console.services.decisions import may_cancel
from console.services.ending import Ending, finish_in
from console.services.errors import Refused
from console.services.queue import rows_met, say
from console.services.runs import Run, find, get_run, summary_of
from console.store.drift import DriftRow
from console.store.run import RunRow
from console.store.store import Store
from console.store.times import now

LOOK_SECONDS = 0.4
log = logging.getLogger(__name__)


def cancel_run(store: Store, actor: Account | str, run_id: int) -> Run:
    """Cancel a run: one that waits ends at once, of one that has begun the end is asked for, and
    whoever executes it ends it within about a second.

    `actor` is a name on the command line. NotFound; Refused, as `may_cancel` says, for the role and
    for a run that has ended or is being cancelled already.
    """
    name = actor if isinstance(actor, str) else actor.name
    with store.begin() as session:
        row = find(session, run_id)
        decision = may_cancel(summary_of(row), actor)
        if not decision:
            raise Refused(decision.reason)
        ending = Ending("cancelled")
        if finish_in(session, run_id, None, ending, actor=actor, state="queued"):
            session.flush()
            return summary_of(find(session, run_id))
        asked = update(RunRow).where(
            RunRow.id == run_id, RunRow.state == "running", RunRow.cancel_asked_at.is_(None)
        )
        if not rows_met(session, asked.values(cancel_asked_at=now(), cancel_asked_by=name[:120])):
            raise Refused("It ended, or somebody else cancelled it, in the meantime.")
        say(session, run_id, f"{name} asked to cancel this. Its process is being ended.")
        audit.record(
            session,
            actor=actor,
            action=f"{row.kind}.cancel-asked",
            subject=f"run {run_id}",
            text=f"{name} asked to cancel run {run_id}, "
            f"{'a rehearsal' if row.kind == 'rehearsal' else 'an apply'} on {row.target}.",
            data={"digest": row.digest},
            review_id=row.review_id,
            run_id=run_id,
        )
    return get_run(store, run_id)


class CancelWatch:
    """Asks the store, for as long as its `with` block lasts, whether somebody cancelled the run, or
    the comparison, that has this `number` in the table of `row`.

    Call it for the answer; `also` is another one who may ask for the end (Ctrl-C).
    """

    def __init__(
        self,
        store: Store,
        number: int,
        also: Cancelled = never,
        row: type[RunRow | DriftRow] = RunRow,
    ) -> None:
        self.store, self.also = store, also
        self.query = select(row.cancel_asked_at).where(row.id == number)
        self._asked, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._look, name="console-cancel-watch", daemon=True)

    def __call__(self) -> bool:
        return self._asked.is_set() or self.also()

    def __enter__(self) -> CancelWatch:
        self._ask()  # what was cancelled before it began must not begin
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._asked.is_set() and not self._stop.wait(LOOK_SECONDS):
            self._ask()

    def _ask(self) -> None:
        try:
            with self.store.read() as session:
                if session.scalar(self.query) is not None:
                    self._asked.set()
        except SQLAlchemyError:  # the store is busy or away: the next look may get through
            log.warning("Whether what goes on is cancelled could not be read.")
