"""audit: the append-only record of who did what."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from console.rendering import render
from console.services import audit
from console.web.access import current_console, require_permission
from console.web.arguments import whole_number

blueprint = Blueprint("console_audit", __name__)

PAGE = 50
KINDS = (
    (None, "Everything"),
    ("review.", "Reviews"),
    ("finding.", "Findings"),
    ("rehearsal.", "Rehearsals"),
    ("apply.", "Applies"),
    ("drift.", "Drift"),
    ("target.", "Outside the console"),
    ("account.", "Accounts"),
    ("sign-in.", "Sign-ins"),
)


@blueprint.get("/audit")
@require_permission("view-audit")
def index() -> Any:
    """The newest entries first, `?action=`, `?actor=` and `?review=` narrowing them, `?before=` older ones."""
    before, review = (whole_number(name) for name in ("before", "review"))
    action, actor = (request.args.get(name) or None for name in ("action", "actor"))
    entries = audit.list_entries(
        current_console().store,
        before_id=before,
        limit=PAGE + 1,
        action=action,
        actor=actor,
        review_id=review,
    )
    return render(
        "audit/index.html",
        entries=entries[:PAGE],
        has_older=len(entries) > PAGE,
        before=before,
        kinds=KINDS,
        filters={"action": action, "actor": actor, "review": review},
    )
