"""accounts: who may sign in to the console, and as what."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, url_for

from console.rendering import render
from console.services import accounts
from console.services.accounts import Account
from console.services.errors import Conflict, Invalid, Refused
from console.web.access import current_console, require_permission
from console.web.forms import AccountForm, RoleForm

blueprint = Blueprint("console_accounts", __name__)


def _actor() -> Account:
    account: Account = g.console_account
    return account


@blueprint.get("/accounts/")
@require_permission("manage-accounts")
def index() -> Any:
    """Every account."""
    return render("accounts/index.html", accounts=accounts.list_accounts(current_console().store))


@blueprint.route("/accounts/new", methods=["GET", "POST"])
@require_permission("manage-accounts")
def new() -> Any:
    """Create an account with a first password."""
    form = AccountForm()
    if form.validate_on_submit():
        try:
            made = accounts.create_account(
                current_console().store,
                email=form.email.data,
                name=form.name.data,
                role=form.role.data,
                password=form.password.data,
                actor=_actor(),
            )
        except (Conflict, Refused) as error:
            form.take(Invalid("email", str(error)))
        except Invalid as error:
            form.take(error)
        else:
            flash(f"{made.name} can sign in now as {made.email}.", "success")
            return redirect(url_for("console_accounts.index"), 303)
    return render("accounts/new.html", form=form), 400 if form.errors else 200


@blueprint.route("/accounts/<console_number:account_id>", methods=["GET", "POST"])
@require_permission("manage-accounts")
def edit(account_id: int) -> Any:
    """Change what an account may do, or end its access."""
    store = current_console().store
    account = accounts.get_account(store, account_id)
    form = RoleForm(obj=account)
    if form.validate_on_submit():
        try:
            accounts.update_account(
                store, _actor(), account_id, role=form.role.data, is_active=form.is_active.data
            )
        except (Conflict, Refused) as error:
            form.take(Invalid("role", str(error)))
        except Invalid as error:
            form.take(error)
        else:
            flash(f"{account.name}'s account is changed.", "success")
            return redirect(url_for("console_accounts.index"), 303)
    return render("accounts/edit.html", form=form, account=account), 400 if form.errors else 200
