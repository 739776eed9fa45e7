"""history: the graph of a target's revisions, where its database stands, and one revision's script."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from console.rendering import render
from console.services import reviews, runs
from console.services.standing import note_standing
from console.services.targets import find_target
from console.web.access import current_console, require_permission
from console.web.places import Row, draw, look, moved_outside

blueprint = Blueprint("console_history", __name__)

ROWS = 200


@blueprint.get("/migrations/")
@require_permission("view")
def index() -> Any:
    """The history of the one target, or a list of several."""
    targets = current_console().targets
    if len(targets) == 1:
        return target(next(iter(targets)))
    places = [look(each) for each in targets.values()]
    return render("history/index.html", places=places)


@blueprint.get("/migrations/<target>/")
@require_permission("view")
def target(target: str) -> Any:
    """One target's graph."""
    console = current_console()
    found = find_target(console.targets, target)
    note_standing(console.store, console.targets)
    place = look(found)
    under_way = reviews.list_reviews(console.store, states=reviews.UNDER_WAY, target=found.name)
    last_runs = runs.list_runs(console.store, target=found.name, limit=5)
    rows = draw(place)
    pages = max(1, -(-len(rows) // ROWS))
    asked = request.args.get("page", "")
    page = min(int(asked[:6]) if asked.isascii() and asked.isdigit() else 1, pages) or 1
    return render(
        "history/target.html",
        place=place,
        rows=rows[(page - 1) * ROWS : page * ROWS],
        total=len(rows),
        page=page,
        pages=pages,
        page_here=_page_here(rows),
        reviews=under_way,
        runs=last_runs,
        outside=moved_outside(console.store, place),
    )


def _page_here(rows: tuple[Row, ...]) -> int | None:
    """The page with the place where the database stands; None if it is on none."""
    here = (number for number, row in enumerate(rows) if row.state == "here")
    number = next(here, None)
    return None if number is None else number // ROWS + 1


@blueprint.get("/migrations/<target>/<revision>")
@require_permission("view")
def revision(target: str, revision: str) -> Any:
    """One revision's script, highlighted, between its neighbours."""
    place = look(find_target(current_console().targets, target))
    found = place.history.find(revision)
    return render(
        "history/revision.html",
        place=place,
        revision=found,
        state=place.state_of(found),
        source=place.history.source(found),
        parents=[known for known in place.history.revisions if known.id in found.parents],
        children=[known for known in place.history.revisions if found.id in known.parents],
    )
