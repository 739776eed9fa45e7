"""access: who is asking, and whether they may. Everything below the prefix passes through here.

The console keeps its own accounts, with their sessions on the server and a cookie of its own that
names one. An application that uses Flask-Login keeps its users to itself, and the two never meet. To
one that signs nobody in the console lends its accounts: `@login_required` and `current_user` of
Flask-Login work on the application's own pages, too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Request, abort, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager
from flask_wtf.csrf import generate_csrf, validate_csrf
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response
from wtforms.validators import ValidationError

from console.services import accounts, permissions
from console.services.account import Account
from console.store.patience import LONG, SHORT, patience
from console.web.errors import BadToken
from console.web.headers import STATIC_ENDPOINT, is_below

if TYPE_CHECKING:
    from console.web.mounted import Mounted

COOKIE = "console_session"
ACCOUNT = "console.account"  # where a request keeps who asks
PUBLIC = frozenset({STATIC_ENDPOINT, "console_auth.sign_in", "console_auth.theme"})
MOST_BYTES = 16 * 1024 * 1024  # of one request, unless the application sets MAX_CONTENT_LENGTH
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

View = TypeVar("View", bound=Callable[..., Any])

current_account: Any = LocalProxy(lambda: g.get("console_account"))


def current_console() -> Mounted:
    """The Console of the application that answers this request."""
    console: Mounted = current_app.extensions["console"]
    return console


def can(permission: permissions.Permission) -> bool:
    """Whether the account that asks has a permission; nobody signed in has none."""
    return bool(current_account) and permissions.allows(current_account.role, permission)


def require_permission(permission: permissions.Permission) -> Callable[[View], View]:
    """Decorate a view: Forbidden, with the sentence that names who may, for everybody else."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            permissions.require(g.console_account, permission)
            return view(*args, **kwargs)

        return guarded  # type: ignore[return-value]  # wraps() keeps the signature

    return decorate


def local_path(url: str | None) -> str | None:
    """`url` if it is a path on this very site to which a sign-in here may lead, or None."""
    if not url or "\\" in url or any(ord(character) < 33 for character in url):
        return None
    if url.startswith("//"):  # a browser takes what follows any number of slashes for a host
        return None
    parts = urlsplit(url)
    if parts.scheme or parts.netloc or not parts.path.startswith("/"):
        return None
    prefix = current_console().url_prefix
    inside = parts.path == prefix or parts.path.startswith(prefix + "/")
    return url if inside or _lends_accounts() else None


def sign_in(response: Response, token: str) -> Response:
    """Put a session's token into the answer, and forget the CSRF token of the visitor before."""
    session.pop("csrf_token", None)
    settings = current_console().settings
    response.set_cookie(
        COOKIE,
        token,
        max_age=settings.session_hours * 3600,
        path=_cookie_path(),
        secure=settings.is_production,
        httponly=True,
        samesite="Lax",
    )
    return response


def sign_out(response: Response) -> Response:
    """End the session that this request carries, in the store and in the browser."""
    accounts.sign_out(current_console().store, request.cookies.get(COOKIE, ""))
    session.pop("csrf_token", None)
    response.delete_cookie(COOKIE, path=_cookie_path())
    return response


def _lends_accounts() -> bool:
    """Whether the application's own pages ask for the console's accounts."""
    manager = getattr(current_app, "login_manager", None)
    return isinstance(manager, ConsoleLogin)


def _cookie_path() -> str:
    inside = "/" if _lends_accounts() else current_console().url_prefix
    return (request.script_root + inside) or "/"


class ConsoleLogin(LoginManager):
    """Flask-Login for an application that has none: its users are the console's accounts."""

    def __init__(self) -> None:
        super().__init__()
        self.login_view = "console_auth.sign_in"
        self.login_message = None
        self.session_protection = None  # sessions are kept on the server, not in Flask's cookie
        self.request_loader(account_of)


def account_of(asking: Request) -> Account | None:
    """The account whose session the cookie of a request names, or None; asked once per request.

    StoreUnavailable the first time and None afterwards where the store does not answer.
    """
    if ACCOUNT not in asking.environ:
        asking.environ[ACCOUNT] = None
        asking.environ[ACCOUNT] = _read_account(asking)
    account: Account | None = asking.environ[ACCOUNT]
    return account


def _read_account(asking: Request) -> Account | None:
    token = asking.cookies.get(COOKIE)
    if not token:
        return None
    console = current_console()
    absolute = timedelta(hours=console.settings.session_hours)
    return accounts.account_for_token(console.store, token, absolute=absolute)


def csrf_token() -> str:
    """The token that every form of the console carries."""
    return str(generate_csrf())


def check_csrf(max_age: int) -> None:
    """BadToken unless this request came from a page of ours, at most `max_age` seconds old."""
    if not current_app.config.get("WTF_CSRF_ENABLED", True):
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") == "cross-site":
        raise BadToken()
    token = request.headers.get("X-CSRFToken") or request.form.get("csrf_token")
    try:
        validate_csrf(token, time_limit=max_age)
    except ValidationError as error:
        raise BadToken() from error
    g.csrf_valid = True  # Flask-WTF's forms need not look again


def _ask_to_sign_in() -> Response:
    if request.accept_mimetypes.best in ("text/event-stream", "application/json"):
        abort(401)
    wanted = request.full_path.rstrip("?") if request.method in SAFE else None
    if not wanted and request.referrer:
        referrer = urlsplit(request.referrer)
        wanted = referrer.path if referrer.netloc == request.host else None
    return redirect(url_for("console_auth.sign_in", next=local_path(wanted)))


def register(app: Flask, console: Mounted) -> None:
    """Guard everything below the console's prefix, and nothing else."""
    if console.settings.is_production:
        app.config["SESSION_COOKIE_SECURE"] = True
    app.config["SESSION_COOKIE_SAMESITE"] = app.config["SESSION_COOKIE_SAMESITE"] or "Lax"
    if not hasattr(app, "login_manager"):
        ConsoleLogin().init_app(app)

    @app.before_request
    def guard() -> Response | None:
        if not is_below(console.url_prefix) or request.endpoint == STATIC_ENDPOINT:
            return None
        patience.set(SHORT)
        if request.max_content_length is None:
            request.max_content_length = MOST_BYTES
        g.console_account = account_of(request)
        if request.method not in SAFE:
            check_csrf(console.settings.session_hours * 3600)
        if g.console_account is None and request.endpoint not in PUBLIC:
            return _ask_to_sign_in()
        return None

    @app.teardown_request
    def be_patient_again(_error: BaseException | None) -> None:
        patience.set(LONG)

    console.templates.globals.update(
        current_account=current_account, can=can, console_csrf_token=csrf_token
    )
