"""comparing: what the worker does with a comparison that it has taken."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from console.schema.drift import Drift, find_drift
from console.schema.errors import RunCancelled, SchemaError
from console.schema.progress import Event
from console.schema.target import Target
from console.schema.wire import encode
from console.services import audit
from console.services.cancel import CancelWatch
from console.services.queue import rows_met
from console.services.wording import clean, clipped
from console.store.drift import DriftRow
from console.store.store import Store
from console.store.times import now

log = logging.getLogger(__name__)
ACTIONS: Mapping[str, str] = {"done": "compared"}


def compare(
    store: Store, targets: Mapping[str, Target], drift_id: int, name: str, runner_id: int
) -> None:
    """Make a comparison that `runner_id` has taken, and write down what it found; never raises for
    what migrations and models do."""

    def tell(event: Event) -> None:
        try:
            _write(store, drift_id, runner_id, progress=clean(event.text))
        except SQLAlchemyError:  # progress that cannot be written must not end anything
            log.warning("The progress of comparison %s could not be written.", drift_id)

    target = targets.get(name)
    if target is None:
        _fail(store, drift_id, runner_id, f"There is no target '{name}' here.")
        return
    try:
        with CancelWatch(store, drift_id, row=DriftRow) as watch:
            found = find_drift(target, progress=tell, cancelled=watch)
    except RunCancelled as error:
        text = f"The comparison of {name} was cancelled."
        _end(store, drift_id, runner_id, text, {"state": "cancelled", "error": str(error)})
    except SchemaError as error:
        _fail(store, drift_id, runner_id, str(error))
    except (SQLAlchemyError, OSError):
        log.exception("'%s' could not be compared.", name)
        _fail(store, drift_id, runner_id, f"The database of '{name}' did not answer.")
    except Exception as error:  # whatever happens, it must not stay "running"
        log.exception("'%s' could not be compared.", name)
        why = f"Unexpected: {type(error).__name__}; the log has the details."
        _fail(store, drift_id, runner_id, why)
    else:
        ending = {"state": "done", "drift": clean(encode(found)), "is_clean": found.is_clean}
        text = f"The comparison of {name} has ended: {verdict(found)}"
        _end(store, drift_id, runner_id, text, ending)


def verdict(drift: Drift) -> str:
    """What a comparison found, in a sentence."""
    if drift.is_clean:
        return "the models, the database and the history agree."
    said = []
    if drift.history.error:
        said.append("the database could not be held against its history")
    if drift.models.error:
        said.append(f"the models could not be held against the {drift.models_against}")
    if not drift.is_there and not drift.is_unknown:
        said.append("the rest agrees")
    if drift.history.difference:
        said.append("the database is not what its history makes")
    if drift.models.difference:
        said.append(f"the models are not what the {drift.models_against} says")
    return f"{', and '.join(said)}."


def _fail(store: Store, drift_id: int, runner_id: int, why: str) -> None:
    ending = {"state": "failed", "error": clean(clipped(why))}
    _end(store, drift_id, runner_id, f"A comparison failed: {why}", ending)


def _end(store: Store, drift_id: int, runner_id: int, text: str, values: Mapping[str, Any]) -> None:
    with store.begin() as session:
        row = session.get_one(DriftRow, drift_id)
        mine = update(DriftRow).where(
            DriftRow.id == drift_id, DriftRow.state == "running", DriftRow.runner_id == runner_id
        )
        ended = {"active_target": None, "finished_at": now(), "progress": ""}
        if rows_met(session, mine.values(**ended, **values)):
            audit.record(
                session,
                actor=audit.CONSOLE,
                action=f"drift.{ACTIONS.get(values['state'], values['state'])}",
                subject=row.target,
                text=clean(text),
            )


def _write(store: Store, drift_id: int, runner_id: int, **values: Any) -> None:
    with store.begin() as session:
        rows_met(
            session,
            update(DriftRow)
            .where(DriftRow.id == drift_id, DriftRow.runner_id == runner_id)
            .values(**values),
        )
