"""event_writer: a run's progress into the store, in small batches."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError

from console.schema.progress import TRANSACTION, Event, Progress, silent
from console.services.wording import clean
from console.store.run_event import RunEventRow
from console.store.store import Store
from console.store.times import now

PAUSE_SECONDS = 0.2  # five commits a second at most
STATEMENTS_A_BATCH = 40
log = logging.getLogger(__name__)


class EventWriter:
    """Call it with events inside its `with` block; they are written by a thread of its own.

    It never raises: progress that cannot be written must not end a migration. Of very many
    statements in one batch only the last are kept. `also` gets every event at once, but for the
    `transactions` of the database: these are for whoever has to find out how they ended.
    """

    def __init__(self, store: Store, run_id: int, also: Progress = silent) -> None:
        self.store, self.run_id, self.also = store, run_id, also
        self.transactions: list[str] = []
        self._waiting: list[RunEventRow] = []
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="console-events", daemon=True)

    def __call__(self, event: Event) -> None:
        row = RunEventRow(
            run_id=self.run_id,
            at=now(),
            kind=event.kind,
            revision=event.revision,
            text=clean(event.text),
            done=event.done,
            total=event.total,
        )
        with self._lock:
            self._waiting.append(row)
        if event.kind == TRANSACTION:
            self.transactions.append(event.text)
            self._flush()  # the worker may die together with it
            return
        self.also(event)

    def __enter__(self) -> EventWriter:
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
        self._flush()

    def _work(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            self._flush()

    def _flush(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            with self.store.begin() as session:
                session.add_all(_thinned(waiting))
        except SQLAlchemyError:
            log.warning("%s events of run %s could not be written.", len(waiting), self.run_id)


def _thinned(rows: Sequence[RunEventRow]) -> list[RunEventRow]:
    """The same rows without all but the last statements."""
    statements = [row for row in rows if row.kind == "statement"]
    left_out = {id(row) for row in statements[:-STATEMENTS_A_BATCH]}
    return [row for row in rows if id(row) not in left_out]
