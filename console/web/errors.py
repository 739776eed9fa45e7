"""errors: one designed page for everything that can go wrong below the prefix.

It says what happened, what was not changed and what to do; the log has the rest under the request
id that the page shows. Errors outside of the prefix stay the application's own.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flask import Flask, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from console.rendering import render
from console.schema.errors import AmbiguousRevision, SchemaError, UnknownRevision
from console.services import errors as services
from console.store.unavailable import StoreUnavailable
from console.web.headers import is_below, request_id

if TYPE_CHECKING:
    from console.web.mounted import Mounted

log = logging.getLogger(__name__)


class BadToken(Exception):
    """A form came without the CSRF token of this browser, or with an old one."""


@dataclass(frozen=True)
class Page:
    """What an error page says."""

    status: int
    title: str
    text: str
    advice: str = ""


PAGES = {
    400: Page(
        400,
        "This request could not be read",
        "Something in it is missing or malformed. Nothing was changed.",
        "Go back, check what you entered, and send it again.",
    ),
    401: Page(401, "You are not signed in", "Nothing was changed.", "Sign in and try again."),
    403: Page(
        403,
        "You may not do this",
        "Your role does not include it. Nothing was changed.",
        "Ask an administrator if you need it.",
    ),
    404: Page(
        404,
        "There is nothing here",
        "The page does not exist, or what it showed has been deleted.",
        "Check the address, or start from the dashboard.",
    ),
    405: Page(
        405,
        "This address cannot be used like that",
        "It exists, but not for this kind of request. Nothing was changed.",
        "Go back and use the buttons of the page.",
    ),
    409: Page(
        409,
        "Somebody was quicker, or it is not the moment for this",
        "Nothing was changed.",
        "Look at the page again; it shows how things stand now.",
    ),
    413: Page(
        413,
        "This is too much at once",
        "What was sent is larger than the console takes. Nothing was changed.",
        "Go back and send less.",
    ),
    429: Page(
        429,
        "Too many attempts",
        "Nothing was changed.",
        "Wait a few minutes, then try again.",
    ),
    500: Page(
        500,
        "The console made a mistake",
        "It has been written to the log. What you were doing was not completed.",
        "Try again; if it happens once more, send the request number below to whoever runs this console.",
    ),
}
STORE_AWAY = Page(
    503,
    "The console's own database does not answer",
    "",
    "Try again in a moment, and look first whether what you did was done. If it happens once more, tell "
    "whoever runs this console. The managed databases have nothing to do with it.",
)
MISCONFIGURED = Page(
    503,
    "A managed database is not set up right",
    "",
    "Tell whoever runs this console; `manage.py check` says the same. Accounts and the audit trail work.",
)
BAD_TOKEN = Page(
    400,
    "This form is no longer valid",
    "It was open for too long, or you signed in or out in another tab, or it did not come from this "
    "console. Nothing was changed.",
    "Go back, reload the page, and send the form again.",
)


def page_for(error: Exception) -> Page:
    """The page that an error deserves; its own sentence where it has one for people."""
    if isinstance(error, BadToken):
        return BAD_TOKEN
    if isinstance(error, services.Forbidden):
        return Page(403, PAGES[403].title, str(error), PAGES[403].advice)
    if isinstance(error, services.NotFound | UnknownRevision | AmbiguousRevision):
        return Page(404, PAGES[404].title, str(error) or PAGES[404].text, PAGES[404].advice)
    if isinstance(error, services.Conflict | services.Refused):
        return Page(409, PAGES[409].title, f"{error} Nothing was changed.", PAGES[409].advice)
    if isinstance(error, services.Misconfigured):
        return replace(MISCONFIGURED, text=f"{error}.".replace("..", "."))
    if isinstance(error, services.Invalid):
        return Page(400, PAGES[400].title, f"{error} Nothing was changed.", PAGES[400].advice)
    if isinstance(error, StoreUnavailable):
        return replace(STORE_AWAY, text=str(error))
    if isinstance(error, SchemaError):
        return Page(409, "The plan cannot be made", f"{error} Nothing was changed.")
    if isinstance(error, HTTPException):
        page = PAGES.get(error.code or 500)
        return page or Page(error.code or 500, error.name, "Nothing was changed.")
    return PAGES[500]


def answer(error: Exception) -> Response:
    """The error as a page, in the frame of the console for people who are signed in."""
    page = page_for(error)
    if page.status >= 500:
        known = isinstance(error, StoreUnavailable)
        text = "%s %s failed, request %s"
        log.error(
            text, request.method, request.path, request_id(), exc_info=error if known else None
        )
    template = "errors/signed_in.html" if g.get("console_account") else "errors/visitor.html"
    response = Response(render(template, page=page), page.status, mimetype="text/html")
    if isinstance(error, HTTPException):
        kept = {
            name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")
        }
        response.headers.update(kept)
    return response


def register(app: Flask, console: Mounted) -> None:
    """Answer errors below the prefix; hand those of other paths to whoever had them before."""
    earlier = app.error_handler_spec[None][None].get(HTTPException)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Any:
        if not is_below(console.url_prefix):
            return earlier(error) if earlier else error
        if error.code is not None and error.code < 400:  # a redirect
            return error
        return answer(error)

    for kind in (BadToken, services.ServiceError, SchemaError, StoreUnavailable):
        app.register_error_handler(kind, answer)
