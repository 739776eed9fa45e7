"""site: Flask-Admin on the application, with our theme and none of its files."""

from __future__ import annotations

from typing import Protocol

from flask import Flask
from flask_admin import Admin, AdminIndexView
from flask_admin.theme import Theme

from console.rendering import TEMPLATES


class Mounted(Protocol):
    """What is needed of the Console: where it is mounted."""

    url_prefix: str


def make_admin(app: Flask, console: Mounted, index_view: AdminIndexView) -> Admin:
    """Flask-Admin at the console's prefix; `index_view` is the dashboard.

    The theme's folder is our own `templates/`, and no blueprint serves Flask-Admin's static files.
    """
    index_view.static_folder = None
    return Admin(
        app,
        name="Console",
        url=console.url_prefix,
        endpoint=index_view.endpoint,
        index_view=index_view,
        theme=Theme(folder=str(TEMPLATES), base_template="layout.html"),
    )
