"""Who gets in, and what a form has to bring."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_login import LoginManager, current_user, login_required

from console.web import access


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/migrations/", "/admin/reviews/", "/admin/runs/1", "/admin/audit"]
)
def test_a_visitor_is_asked_to_sign_in_and_comes_back(client, path):
    response = client.get(path)
    assert response.status_code == 302
    assert response.headers["Location"] == f"/admin/sign-in?next={path}"


def test_a_visitor_is_asked_to_sign_in_even_where_there_is_nothing(client):
    assert client.get("/admin/nothing").status_code == 302


def test_a_visitor_may_change_nothing(client):
    assert client.post("/admin/reviews/1/approve").status_code == 302


def test_a_visitors_event_stream_is_refused_instead_of_redirected(client):
    response = client.get("/admin/runs/1/events", headers={"Accept": "text/event-stream"})
    assert response.status_code == 401


def test_paths_beside_the_prefix_are_the_applications_own(app: Flask, client):
    @app.get("/shop")
    def shop():
        return "open"

    response = client.get("/shop")
    assert response.text == "open"
    assert "Content-Security-Policy" not in response.headers
    assert "X-Request-ID" not in response.headers


def test_a_form_without_its_token_is_answered_in_words(guarded, sign_in, page_of):
    client = sign_in(guarded, "author")
    response = client.post("/admin/reviews/1/comment", data={"text": "hello"})
    assert response.status_code == 400
    assert "This form is no longer valid" in response.text
    assert "Nothing was changed" in response.text


def test_a_form_with_a_wrong_token_is_refused(guarded, sign_in):
    client = sign_in(guarded, "author")
    assert client.post("/admin/theme", data={"csrf_token": "wrong"}).status_code == 400


def test_a_form_with_its_token_is_taken(guarded, sign_in, token_of):
    client = sign_in(guarded, "author")
    token = token_of(client)
    response = client.post("/admin/theme", data={"csrf_token": token, "theme": "dark"})
    assert response.status_code == 303


def test_a_token_in_the_header_counts_too(guarded, sign_in, token_of):
    client = sign_in(guarded, "author")
    headers = {"X-CSRFToken": token_of(client)}
    assert client.post("/admin/theme", data={"theme": "dark"}, headers=headers).status_code == 303


def test_a_form_on_another_site_is_refused_even_with_a_token(guarded, sign_in, token_of):
    client = sign_in(guarded, "author")
    response = client.post(
        "/admin/theme",
        data={"csrf_token": token_of(client), "theme": "dark"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert response.status_code == 400


def test_the_check_leaves_the_applications_own_forms_alone(guarded):
    @guarded.post("/order")
    def order():
        return "ordered"

    assert guarded.test_client().post("/order").text == "ordered"


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("/admin/", True),
        ("/admin/reviews/?state=open", True),
        ("/admin", True),
        ("/elsewhere", True),
        ("//evil.example/admin/", False),
        ("https://evil.example/admin/", False),
        ("/admin/\\evil", False),
        ("/admin/\n", False),
        ("javascript:alert(1)", False),
        ("", False),
        (None, False),
    ],
)
def test_only_paths_of_this_site_are_returned_to(app, url, is_local):
    with app.test_request_context("/admin/"):
        assert access.local_path(url) == (url if is_local else None)


@pytest.mark.parametrize("url", ["/elsewhere", "/administrator"])
def test_beside_users_of_its_own_only_paths_of_the_console_are_returned_to(app, url):
    app.login_manager = LoginManager()
    with app.test_request_context("/admin/"):
        assert access.local_path(url) is None
        assert access.local_path("/admin/audit") == "/admin/audit"


def test_a_page_of_the_application_may_ask_for_an_account(app, sign_in):
    @app.get("/report")
    @login_required
    def report() -> str:
        return f"For {current_user.name} only"

    assert app.test_client().get("/report").headers["Location"] == "/admin/sign-in?next=%2Freport"
    assert sign_in(app, "viewer").get("/report").text == "For Vera Viewer only"


def test_an_application_with_users_of_its_own_keeps_its_sign_in(make_app, world):
    own = LoginManager()
    app = Flask("own")
    own.init_app(app)
    console = make_app().extensions["console"]
    access.register(app, console)
    assert app.login_manager is own


def test_a_role_that_may_not_is_told_which_may(app, sign_in, page_of):
    page = page_of(sign_in(app, "viewer"), "/admin/accounts/", 403)
    assert page.h1.text == "You may not do this"
    assert "You need the role administrator to manage accounts; yours is viewer." in page.text


def test_in_production_cookies_need_https(make_app):
    from dataclasses import replace

    app = make_app()
    console = app.extensions["console"]
    console.settings = replace(console.settings, env="production")
    response = app.test_client().post(
        "/admin/sign-in",
        data={"email": "author@example.com", "password": "correct horse battery"},
    )
    cookie = next(c for c in response.headers.getlist("Set-Cookie") if c.startswith(access.COOKIE))
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
