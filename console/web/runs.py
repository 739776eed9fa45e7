"""runs: what was executed, on clones and for real, and the one that is going on right now."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, request, url_for

from console.rendering import render
from console.schema.dialects import dialect_of
from console.services import reviews, runs
from console.services.errors import Refused
from console.services.permissions import require
from console.services.runner import runner_status
from console.services.runs import Run, RunEvent
from console.web.access import current_console, require_permission
from console.web.arguments import whole_number
from console.web.filters import isotime

blueprint = Blueprint("console_runs", __name__)

PAGE = 50
LINES = 1000  # of a run's progress on one page
POLL_SECONDS = 0.25
LIFETIME_SECONDS = 300  # the browser comes back by itself, and says where it was
QUIET_SECONDS = 10


@blueprint.get("/runs/")
@require_permission("view")
def index() -> Any:
    """The newest runs first, `?target=` narrowing the list, `?before=` older ones."""
    console = current_console()
    chosen, before = request.args.get("target") or None, whole_number("before")
    found = runs.list_runs(console.store, target=chosen, before_id=before, limit=PAGE + 1)
    return render(
        "runs/index.html",
        runs=found[:PAGE],
        has_older=len(found) > PAGE,
        before=before,
        chosen=chosen,
        targets=console.targets,
        runner=runner_status(console.store),
    )


@blueprint.get("/runs/<console_number:run_id>")
@require_permission("view")
def show(run_id: int) -> Any:
    """One run: live while it lasts, its outcome and ledger afterwards; `?before=` an earlier part of
    what it said."""
    console = current_console()
    run, before = runs.get_run(console.store, run_id), whole_number("before")
    events, earlier = runs.events_before(console.store, run_id, before, limit=LINES)
    return render(
        "runs/show.html",
        run=run,
        events=events,
        earlier=earlier,
        before=before,
        runner=runner_status(console.store),
        cancel=reviews.may_cancel(run, g.console_account),
    )


@blueprint.route("/runs/<console_number:run_id>/cancel", methods=["GET", "POST"])
@require_permission("rehearse")
def cancel(run_id: int) -> Any:
    """Cancel a run, on a page that says first what stays of it."""
    console = current_console()
    run = runs.get_run(console.store, run_id)
    decision = reviews.may_cancel(run, g.console_account)
    page = url_for("console_runs.show", run_id=run_id)
    if not decision.allowed:
        require(g.console_account, "apply" if run.kind == "apply" else "rehearse")
        flash(decision.reason, "error")
        return redirect(page, 303)
    if request.method == "GET":
        target = console.targets.get(run.target)
        said, _ = runs.events_before(console.store, run_id)
        return render(
            "runs/cancel.html",
            run=run,
            last=next((event for event in reversed(said) if event.kind == "statement"), None),
            is_transactional=target is None or dialect_of(target).is_whole(run.plan.steps),
        )
    try:
        run = reviews.cancel_run(console.store, g.console_account, run_id)
    except Refused as error:
        flash(str(error), "error")
    else:
        done = "The run is cancelled." if not run.is_active else "The run is being cancelled."
        flash(done, "success")
    return redirect(page, 303)


@blueprint.get("/runs/<console_number:run_id>/events")
@require_permission("view")
def events(run_id: int) -> Response:
    """The run's events as Server-Sent Events, beginning after Last-Event-ID (or `?after=`)."""
    store = current_console().store
    runs.get_run(store, run_id)  # NotFound before the stream begins
    given = request.headers.get("Last-Event-ID") or request.args.get("after", "0")
    after = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0
    return Response(
        _stream(
            lambda: runs.get_run(store, run_id),
            lambda last: runs.events_after(store, run_id, last),
            after,
        ),
        mimetype="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


def _stream(read_run: Any, read_events: Any, after: int) -> Iterator[str]:
    """Messages until the run is over or the connection has lasted long enough."""
    ends_at = time.monotonic() + LIFETIME_SECONDS
    spoke_at, state = time.monotonic(), None
    yield "retry: 1000\n\n"
    while time.monotonic() < ends_at:
        run = read_run()  # before its events, so that the last of them are never missed
        for event in read_events(after):
            after, spoke_at = event.id, time.monotonic()
            yield _message("progress", _event_data(event), event.id)
        if shown_state(run) != state:
            state, spoke_at = shown_state(run), time.monotonic()
            yield _message("state", {"state": state})
        if not run.is_active:
            yield _message("finished", {"state": state})
            return
        if time.monotonic() - spoke_at > QUIET_SECONDS:
            spoke_at = time.monotonic()
            yield ": still here\n\n"
        time.sleep(POLL_SECONDS)


def shown_state(run: Run) -> str:
    """The run's state, or "cancelling" from the wish to its end."""
    return "cancelling" if run.is_cancelling else run.state


def _message(name: str, data: dict[str, Any], number: int | None = None) -> str:
    identity = f"id: {number}\n" if number is not None else ""
    return f"{identity}event: {name}\ndata: {json.dumps(data)}\n\n"


def _event_data(event: RunEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "at": isotime(event.at),
        "kind": event.kind,
        "revision": event.revision,
        "text": event.text,
        "done": event.done,
        "total": event.total,
    }
