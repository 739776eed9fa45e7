"""createsuperuser and changepassword."""

from __future__ import annotations

from flask import Flask

from console.services.accounts import authenticate, list_accounts
from console.store.store import Store
from tests.cli.conftest import Manage

PASSWORD = "three unrelated words"
GIVEN = {"CONSOLE_SUPERUSER_PASSWORD": PASSWORD}


def store_of(app: Flask) -> Store:
    store: Store = app.extensions["console"].store
    return store


def test_a_superuser_is_made_by_questions(manage: Manage, app: Flask) -> None:
    answers = f"grace@example.com\nGrace Hopper\n{PASSWORD}\n{PASSWORD}\n"
    result = manage(app, "createsuperuser", input=answers)
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    made = {account.email: account for account in list_accounts(store_of(app))}
    assert made["grace@example.com"].role == "administrator"
    assert made["grace@example.com"].name == "Grace Hopper"
    assert authenticate(store_of(app), email="grace@example.com", password=PASSWORD)


def test_a_script_makes_a_superuser_without_questions(manage: Manage, app: Flask) -> None:
    result = manage(app, "createsuperuser", "--noinput", "--email", "ops@example.com", env=GIVEN)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert authenticate(store_of(app), email="ops@example.com", password=PASSWORD)


def test_without_an_address_noinput_is_wrong_usage(manage: Manage, app: Flask) -> None:
    result = manage(app, "createsuperuser", "--noinput", env=GIVEN)
    assert result.exit_code == 2
    assert "--email" in result.stderr


def test_without_a_password_noinput_names_the_variable(manage: Manage, app: Flask) -> None:
    result = manage(app, "createsuperuser", "--noinput", "--email", "ops@example.com")
    assert result.exit_code == 1
    assert "CONSOLE_SUPERUSER_PASSWORD" in result.stderr


def test_a_taken_address_is_one_line(manage: Manage, app: Flask) -> None:
    result = manage(app, "createsuperuser", "--noinput", "--email", "author@example.com", env=GIVEN)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "author@example.com" in result.stderr


def test_a_short_password_is_refused_with_the_rule(manage: Manage, app: Flask) -> None:
    result = manage(app, "changepassword", "author@example.com", input="short\nshort\n")
    assert result.exit_code == 1
    assert "at least" in result.stderr


def test_a_password_is_changed(manage: Manage, app: Flask) -> None:
    result = manage(app, "changepassword", "author@example.com", "--noinput", env=GIVEN)
    assert result.exit_code == 0, result.output
    assert authenticate(store_of(app), email="author@example.com", password=PASSWORD)


def test_an_unknown_address_is_named(manage: Manage, app: Flask) -> None:
    result = manage(app, "changepassword", "nobody@example.com", "--noinput", env=GIVEN)
    assert result.exit_code == 1
    assert "nobody@example.com" in result.stderr
