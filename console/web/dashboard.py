"""dashboard: where everything stands, and what waits for you."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_admin import AdminIndexView, expose

from console.rendering import render
from console.services import reviews, runs
from console.services.drift import latest_drift
from console.services.mandate import STOPPED
from console.services.runner import runner_status
from console.services.standing import note_standing
from console.web.access import can, current_account
from console.web.places import look, moved_outside

if TYPE_CHECKING:
    from console.web.mounted import Mounted


class Dashboard(AdminIndexView):
    """The page at the prefix itself; it reads no managed table."""

    def __init__(self, console: Mounted) -> None:
        super().__init__(
            name="Dashboard",
            endpoint="console_dashboard",
            url=console.url_prefix,
            template="dashboard/index.html",
        )
        # Flask-Admin's own files reach no browser; this address serves the console's.
        self.static_folder = None
        self._console = console

    @expose("/")
    def index(self) -> Any:
        """Targets, reviews that wait, the last runs, and whether the worker is there."""
        console = self._console
        note_standing(console.store, console.targets)
        places = [look(target) for target in console.targets.values()]
        summaries = reviews.list_reviews(console.store, states=reviews.UNDER_WAY)
        return render(
            "dashboard/index.html",
            outside=[entry for entry in (moved_outside(console.store, p) for p in places) if entry],
            places=places,
            drifts={p.target.name: latest_drift(console.store, p.target.name)[1] for p in places},
            waiting=[review for review in summaries if self._waits_for_me(review)],
            others=[review for review in summaries if not self._waits_for_me(review)],
            runs=runs.list_runs(console.store, limit=6),
            runner=runner_status(console.store),
        )

    @staticmethod
    def _waits_for_me(review: Any) -> bool:
        """A review that the account that looks can move on."""
        if review.state == "open" and review.author.id == current_account.id:
            return review.rehearsal_state in STOPPED
        if review.state == "open":
            return can("approve")
        return review.state == "approved" and can("apply")
