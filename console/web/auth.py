"""auth: signing in and out, one's own password, one's own colours."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from console.rendering import render
from console.services import accounts
from console.services.errors import Invalid, InvalidCredentials, TooManyAttempts
from console.web import access
from console.web import theme as themes
from console.web.access import current_account, current_console
from console.web.forms import PasswordForm, SignInForm

blueprint = Blueprint("console_auth", __name__)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Any:
    """Ask who it is; the same answer for an unknown account and a wrong password."""
    wanted = access.local_path(request.values.get("next")) or url_for("console_dashboard.index")
    if current_account:
        return redirect(wanted)
    store = current_console().store
    form = SignInForm()
    failed, held_off = False, None
    if form.validate_on_submit():
        try:
            token = accounts.authenticate(
                store,
                email=form.email.data,
                password=form.password.data,
                address=request.remote_addr or "",
                agent=request.user_agent.string[:200],
            )
        except InvalidCredentials:
            failed = True
        except TooManyAttempts as error:
            held_off = error
        else:
            return access.sign_in(redirect(wanted, 303), token)
    page = render(
        "auth/sign_in.html",
        form=form,
        failed=failed,
        held_off=held_off,
        next=wanted,
        has_accounts=accounts.has_accounts(store),
    )
    if held_off:
        return page, 429, {"Retry-After": str(held_off.seconds)}
    return page, 400 if failed or form.errors else 200


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End this session, here and in the store."""
    flash("You are signed out.", "success")
    return access.sign_out(redirect(url_for("console_auth.sign_in"), 303))


@blueprint.route("/password", methods=["GET", "POST"])
def password() -> Any:
    """Change one's own password; every other session of the account ends."""
    form = PasswordForm()
    if form.validate_on_submit():
        console = current_console()
        try:
            accounts.check_password(
                console.store,
                email=current_account.email,
                password=form.current.data,
                address=request.remote_addr or "",
            )
            accounts.change_password(
                console.store,
                email=current_account.email,
                password=form.new.data,
                actor=current_account,
            )
        except InvalidCredentials:
            form.current.errors = ["This is not your current password."]
        except TooManyAttempts as error:
            form.current.errors = [str(error)]
        except Invalid as error:
            form.take(Invalid("new", str(error)))
        else:
            flash("Your password is changed.", "success")
            return _signed_in_again(form.new.data)
    return render("auth/password.html", form=form), 400 if form.errors else 200


def _signed_in_again(new_password: str) -> Response:
    """A fresh session, since changing a password ends all others."""
    token = accounts.authenticate(
        current_console().store,
        email=current_account.email,
        password=new_password,
        address=request.remote_addr or "",
        agent=request.user_agent.string[:200],
    )
    return access.sign_in(redirect(url_for("console_dashboard.index"), 303), token)


@blueprint.post("/theme")
def theme() -> Response:
    """Remember the colours that this browser wants."""
    back = access.local_path(request.form.get("next")) or url_for("console_dashboard.index")
    console = current_console()
    return themes.remember(
        redirect(back, 303),
        request.form.get("theme", ""),
        path=request.script_root + console.url_prefix,
        secure=console.settings.is_production,
    )
