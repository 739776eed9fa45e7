"""rendering: the console's templates, in a Jinja environment of their own.

An application may have a `layout.html`, a filter `datetime` and a context processor that says `can`:
its pages keep them, and none of them reaches a page of the console.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, current_app, get_flashed_messages, request, url_for
from jinja2 import ChoiceLoader, Environment, FileSystemLoader

HERE = Path(__file__).resolve().parent
# a wheel carries them inside the package, a checkout beside it
TEMPLATES = next(
    folder for folder in (HERE / "templates", HERE.parent / "templates") if folder.is_dir()
)


def make_environment(app: Flask) -> Environment:
    """The environment of the console's pages on `app`; whoever has names for templates adds them.

    Names are looked up in our folder first, then wherever the application finds its own: a view of
    the application's may have a template of its own that extends the console's `layout.html`.
    """
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(TEMPLATES), app.create_global_jinja_loader()]),
        autoescape=True,
        auto_reload=app.debug,
    )
    environment.globals.update(
        get_flashed_messages=get_flashed_messages, request=request, url_for=url_for
    )
    return environment


def render(template: str, **context: Any) -> str:
    """A page, drawn by the console of the application that answers this request."""
    environment: Environment = current_app.extensions["console"].templates
    return environment.get_template(template).render(context)
