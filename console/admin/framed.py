"""framed: what every view in the console's frame shares: who may see it, and how it is drawn."""

from __future__ import annotations

from typing import Any

from flask_admin import BaseView

from console.admin import access
from console.rendering import render


class ConsoleView(BaseView):
    """A page of the application's own in the console, for `console.admin.add_view`.

    Whoever may look around sees it. Its templates are found in the application's folders and extend
    the console's `layout.html`.
    """

    def is_accessible(self) -> bool:
        """Whoever may look around; a guard has sent everybody else to the sign-in page."""
        return access.may("view")

    def inaccessible_callback(self, name: str, **kwargs: Any) -> Any:
        """Nobody else: Forbidden."""
        access.require("view")

    def render(self, template: str, **kwargs: Any) -> str:
        """A page of this view; it knows it as `admin_view`."""
        return render(template, admin_view=self, **kwargs)
