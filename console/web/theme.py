"""theme: light, dark, or as the system says; kept in a cookie so that the server draws the right one."""

from __future__ import annotations

from flask import request
from jinja2 import Environment
from werkzeug.wrappers import Response

THEMES = ("light", "auto", "dark")
COOKIE = "console_theme"
YEAR = 365 * 24 * 3600


def theme() -> str:
    """The choice of the browser that asks; "auto" without a usable one."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in THEMES else "auto"


def remember(response: Response, choice: str, path: str, secure: bool) -> Response:
    """Keep a choice for a year; anything that is none is forgotten."""
    if choice not in THEMES:
        response.delete_cookie(COOKIE, path=path)
        return response
    response.set_cookie(
        COOKIE, choice, max_age=YEAR, path=path, secure=secure, httponly=True, samesite="Lax"
    )
    return response


def register(environment: Environment) -> None:
    """Give every template `console_theme()`."""
    environment.globals["console_theme"] = theme
