"""Pages for what goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import abort
from werkzeug.exceptions import NotFound

from console.services.errors import Conflict, Forbidden, Invalid, Misconfigured, Refused
from console.store.patience import LONG, patience
from console.web import access
from console.web.errors import page_for


def test_an_unknown_page_is_designed(app, sign_in, page_of):
    page = page_of(sign_in(app, "viewer"), "/admin/nothing", 404)
    assert page.h1.text == "There is nothing here"
    assert page.find("nav", attrs={"aria-label": "Main"})


def test_an_unknown_review_says_so(app, sign_in, page_of):
    assert page_of(sign_in(app, "viewer"), "/admin/reviews/999", 404)


def test_an_unknown_target_names_those_there_are(app, sign_in, page_of):
    page = page_of(sign_in(app, "viewer"), "/admin/migrations/other/", 404)
    assert "default" in page.find("main").text


def test_a_wrong_method_is_designed_and_says_which_are_right(app, sign_in):
    response = sign_in(app, "viewer").get("/admin/sign-out")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]
    assert "This address cannot be used like that" in response.text


def test_a_mistake_of_ours_shows_its_number_and_nothing_else(app, sign_in, caplog):
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/admin/broken")
    def broken():
        raise RuntimeError("SELECT secret FROM vault")

    response = sign_in(app, "viewer").get("/admin/broken")
    assert response.status_code == 500
    number = response.headers["X-Request-ID"]
    assert number in response.text
    assert "secret" not in response.text
    assert number in caplog.text
    assert "secret" in caplog.text


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/sign-in", "/admin/audit", "/admin/products/", "/admin/nothing"]
)
def test_a_store_that_is_damaged_is_said_on_every_page(app, sign_in, path):
    client, store = sign_in(app, "author"), app.extensions["console"].store
    store.close()
    file = Path(store.engine.url.database)
    file.with_name(f"{file.name}-wal").unlink(missing_ok=True)
    file.write_bytes(b"this is no database" * 1000)
    response = client.get(path)
    assert response.status_code == 503
    assert "The console&#39;s own database does not answer" in response.text
    assert "Its file is damaged" in response.text
    assert response.headers["Content-Security-Policy"]


def test_what_the_managed_database_says_when_it_is_damaged_is_no_mistake_of_ours(app, sign_in):
    client = sign_in(app, "author")
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
        engine.dispose()
    Path(engine.url.database).write_bytes(b"this is no database" * 1000)
    for path in ("/admin/products/", "/admin/products/new", "/admin/users/1/edit"):
        response = client.get(path)
        assert response.status_code == 503, path
        assert "The database does not answer" in response.text
    for path in ("/admin/", "/admin/migrations/", "/admin/reviews/new?goal=base", "/admin/audit"):
        assert client.get(path).status_code == 200, path


def test_a_target_that_is_not_set_up_right_says_why(app, sign_in, monkeypatch):
    def broken(*_arguments, **_options):
        raise Misconfigured("The settings of the migrations of 'default' cannot be read: [[[")

    client = sign_in(app, "author")
    monkeypatch.setattr("console.mount.flask_targets", broken)
    response = client.get("/admin/migrations/")
    assert response.status_code == 503
    assert "A managed database is not set up right" in response.text
    assert "cannot be read: [[[" in response.text
    for path in ("/admin/products/", "/admin/audit", "/admin/password"):
        assert client.get(path).status_code == 200, path


def test_a_request_that_is_too_large_is_refused_before_it_is_read(app, sign_in):
    client = sign_in(app, "author")
    response = client.post("/admin/products/new", data={"name": "x" * (17 * 1024 * 1024)})
    assert response.status_code == 413
    assert "This is too much at once" in response.text


@pytest.mark.parametrize("number", [2**31, 2**63, 10**400])
@pytest.mark.parametrize("page", ["reviews", "runs", "accounts"])
def test_a_number_that_no_database_can_hold_is_not_found(app, sign_in, page, number):
    assert sign_in(app, "administrator").get(f"/admin/{page}/{number}").status_code == 404


def test_errors_beside_the_prefix_stay_the_applications_own(app, client):
    @app.get("/teapot")
    def teapot():
        abort(418)

    assert client.get("/elsewhere").status_code == 404
    assert "Console" not in client.get("/elsewhere").text
    assert client.get("/teapot").status_code == 418


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Forbidden("No."), 403),
        (NotFound(), 404),
        (Conflict("Taken."), 409),
        (Refused("Not now."), 409),
        (Invalid("name", "Too long."), 400),
        (RuntimeError("secret"), 500),
    ],
)
def test_each_error_has_its_status(error, status):
    page = page_for(error)
    assert page.status == status
    assert "secret" not in page.text


def test_a_page_does_not_wait_long_for_a_store_that_is_locked(app, sign_in, monkeypatch):
    monkeypatch.setattr(access, "SHORT", 10)
    client = sign_in(app, "author")
    store = app.extensions["console"].store
    with store.begin() as session:
        session.connection()  # keeps every other writer out
        response = client.post("/admin/sign-out")
    assert response.status_code == 503
    assert "Another process keeps it locked." in response.text
    assert patience.get() == LONG
