"""drift: where the models, the database and the history disagree."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from console.rendering import render
from console.services.comparing import verdict
from console.services.drift import cancel_drift, latest_drift, request_drift, why_not_cancelled
from console.services.errors import Conflict, Refused
from console.services.runner import runner_status
from console.services.targets import find_target
from console.web.access import current_console, require_permission

blueprint = Blueprint("console_drift", __name__)


@blueprint.get("/drift/")
@require_permission("view")
def index() -> Any:
    """The one target, or a list of several."""
    console = current_console()
    names = list(console.targets)
    if len(names) == 1:
        return show(names[0])
    checks = {name: latest_drift(console.store, name)[1] for name in names}
    return render("drift/index.html", checks=checks)


@blueprint.get("/drift/<target>")
@require_permission("view")
def show(target: str) -> Any:
    """What the last comparison found, and the one that goes on."""
    console = current_console()
    found = find_target(console.targets, target)
    newest, done = latest_drift(console.store, found.name)
    return render(
        "drift/show.html",
        target=found,
        newest=newest,
        done=done,
        verdict=verdict(done.drift) if done and done.drift else "",
        runner=runner_status(console.store),
    )


@blueprint.post("/drift/<target>")
@require_permission("rehearse")
def compare(target: str) -> Response:
    """Ask the worker to compare."""
    console = current_console()
    try:
        request_drift(console.store, console.targets, g.console_account, target)
    except Conflict as error:
        flash(str(error), "error")
    return redirect(url_for("console_drift.show", target=target), 303)


@blueprint.route("/drift/<target>/cancel", methods=["GET", "POST"])
@require_permission("rehearse")
def cancel(target: str) -> Any:
    """Cancel a comparison, on a page that says first what stays of it."""
    console = current_console()
    found = find_target(console.targets, target)
    page = url_for("console_drift.show", target=found.name)
    newest, _ = latest_drift(console.store, found.name)
    if reason := why_not_cancelled(newest):
        flash(reason, "error")
        return redirect(page, 303)
    if request.method == "GET":
        return render("drift/cancel.html", target=found, newest=newest)
    try:
        check = cancel_drift(console.store, console.targets, g.console_account, found.name)
    except Refused as error:
        flash(str(error), "error")
    else:
        done = "is being cancelled" if check.is_active else "is cancelled"
        flash(f"The comparison {done}.", "success")
    return redirect(page, 303)
