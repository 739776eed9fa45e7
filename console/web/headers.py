"""headers: what every answer below the prefix says to a browser."""

from __future__ import annotations

import re
from secrets import token_hex
from typing import TYPE_CHECKING

from flask import Flask, g, request
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from console.web.mounted import Mounted

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
STATIC_ENDPOINT = "console_static.static"


def is_below(prefix: str) -> bool:
    """Whether this request is the console's business."""
    return request.path == prefix or request.path.startswith(prefix.rstrip("/") + "/")


def request_id() -> str:
    """The name under which the log has this request; a proxy's own if it sent a usable one."""
    if "console_request_id" not in g:
        given = request.headers.get("X-Request-ID", "")
        g.console_request_id = given if re.fullmatch(r"[\w-]{8,64}", given) else token_hex(6)
    return str(g.console_request_id)


def register(app: Flask, console: Mounted) -> None:
    """Put the headers on answers below the console's prefix, and on no other."""

    @app.after_request
    def finish(response: Response) -> Response:
        if not is_below(console.url_prefix):
            return response
        response.headers.update(HEADERS)
        response.headers["X-Request-ID"] = request_id()
        if request.endpoint == STATIC_ENDPOINT and response.status_code == 200:
            # the name holds a hash of the content, so it never changes
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            response.headers["Cache-Control"] = "no-store"
        if console.settings.is_production and request.is_secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response
