"""runs: what was executed, on clones and for real, and the one that is going on right now."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request

from console.rendering import render
from console.services import runs
from console.services.runner import runner_status
from console.services.runs import RunEvent
from console.web.access import current_console, require_permission
from console.web.arguments import whole_number
from console.web.filters import isotime

blueprint = Blueprint("console_runs", __name__)

PAGE = 50
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
    """One run: live while it lasts, its outcome and ledger afterwards."""
    console = current_console()
    run = runs.get_run(console.store, run_id)
    return render(
        "runs/show.html",
        run=run,
        events=runs.events_after(console.store, run_id, 0),
        runner=runner_status(console.store),
    )


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
        if run.state != state:
            state, spoke_at = run.state, time.monotonic()
            yield _message("state", {"state": state})
        if not run.is_active:
            yield _message("finished", {"state": state})
            return
        if time.monotonic() - spoke_at > QUIET_SECONDS:
            spoke_at = time.monotonic()
            yield ": still here\n\n"
        time.sleep(POLL_SECONDS)


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
