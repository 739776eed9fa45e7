"""The pages: blueprints over the services, and what holds for every one of them.

`register(app, console)` puts all of it on an application; it concerns paths below
`console.url_prefix` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Flask
from werkzeug.routing import IntegerConverter, Map

if TYPE_CHECKING:
    from flask_admin import AdminIndexView

    from console.web.mounted import Mounted


class NumberConverter(IntegerConverter):
    """`<console_number:run_id>`: the number of a row; one that no database can hold is not found."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=2**31 - 1)


def index_view(console: Mounted) -> AdminIndexView:
    """The dashboard, as Flask-Admin's index view."""
    from console.web.dashboard import Dashboard

    return Dashboard(console)


def register(app: Flask, console: Mounted) -> None:
    """Mount the pages, the guard, the headers, the error pages and the template names."""
    from console.web import (
        access,
        accounts,
        audit,
        auth,
        drift,
        errors,
        filters,
        headers,
        history,
        navigation,
        reviews,
        runs,
        theme,
    )

    app.url_map.converters["console_number"] = NumberConverter
    app.register_blueprint(
        Blueprint(
            "console_static",
            __name__,
            static_folder=str(filters.STATIC),
            static_url_path="/static",
        ),
        url_prefix=console.url_prefix,
    )
    for module in (auth, history, drift, reviews, runs, audit, accounts):
        app.register_blueprint(module.blueprint, url_prefix=console.url_prefix)
    filters.register(console.templates)
    theme.register(console.templates)
    headers.register(app, console)
    access.register(app, console)
    errors.register(app, console)
    console.templates.globals.update(
        console_navigation=navigation.navigation,
        console_request_id=headers.request_id,
        console_targets=lambda: console.targets,
    )
