"""The ModelView that Flask-Admin should have had, one concern per module.

`make_admin` puts Flask-Admin on an application, `ConsoleModelView` shows a model, `ConsoleView` is
any other page.
"""

from __future__ import annotations

from console.admin.framed import ConsoleView
from console.admin.site import make_admin
from console.admin.view import ConsoleModelView

__all__ = ["ConsoleModelView", "ConsoleView", "make_admin"]
