"""Pages for what goes wrong."""

from __future__ import annotations

import pytest
from flask import abort
from werkzeug.exceptions import NotFound

from console.services.errors import Conflict, Forbidden, Invalid, Refused
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
