"""Signing in and out, the password, the colours."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from console.services.audit import list_entries
from console.store.account import AccountRow
from console.store.session import SessionRow
from console.web.access import COOKIE
from tests.world import PASSWORD


def _sign_in(client, email="author@example.com", password=PASSWORD, **more):
    return client.post("/admin/sign-in", data={"email": email, "password": password, **more})


def test_signing_in_leads_to_where_one_wanted_to_go(client):
    response = _sign_in(client, next="/admin/reviews/?state=open")
    assert response.status_code == 303
    assert response.headers["Location"] == "/admin/reviews/?state=open"


@pytest.mark.parametrize(
    "next",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "////evil.example/",
        "/\\evil.example/",
        "/\t/evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
    ],
)
def test_signing_in_never_leads_to_another_site(client, next):
    assert _sign_in(client, next=next).headers["Location"] == "/admin/"
    assert client.get("/admin/sign-in", query_string={"next": next}).location == "/admin/"
    assert client.post("/admin/theme", data={"next": next}).location == "/admin/"


def test_who_fails_too_often_has_to_wait_and_is_told_nothing_else(client):
    answers = []
    for email in ("author@example.com", "nobody@example.com"):
        for _ in range(10):
            assert _sign_in(client, email, "wrong").status_code == 400
        response = _sign_in(client, email)
        assert response.status_code == 429
        assert 0 < int(response.headers["Retry-After"]) <= 600
        answers.append(re.sub(r'(value|content)="[^"]*"', "", response.text))
    assert answers[0] == answers[1]
    assert "Too many attempts" in answers[0]


def test_the_current_password_cannot_be_guessed_by_who_found_the_browser_open(app, sign_in):
    client = sign_in(app, "author")
    guess = {"current": "a guess", "new": "a longer password", "again": "a longer password"}
    for _ in range(10):
        assert "not your current password" in client.post("/admin/password", data=guess).text
    response = client.post("/admin/password", data={**guess, "current": PASSWORD})
    assert response.status_code == 400
    assert "failed too often" in response.text


def test_an_unknown_account_and_a_wrong_password_get_the_same_answer(client):
    answers = []
    for email in ("author@example.com", "nobody@example.com"):
        response = _sign_in(client, email, "wrong")
        assert response.status_code == 400
        text = re.sub(r'(value|content)="[^"]*"', "", response.text)
        answers.append(text)
    assert answers[0] == answers[1]
    assert "do not belong together" in answers[0]


def test_an_empty_form_links_its_summary_to_the_fields(client):
    text = _sign_in(client, "", "").text
    assert 'href="#email"' in text
    assert 'aria-describedby="email-error"' in text
    assert "Enter your password." in text


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(client):
    cookie = next(c for c in _sign_in(client).headers.getlist("Set-Cookie") if c.startswith(COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/;" in cookie


def test_a_cookie_that_was_copied_before_signing_out_is_worthless(app, sign_in):
    client = sign_in(app, "author")
    token = client.get_cookie(COOKIE).value
    assert client.post("/admin/sign-out").status_code == 303
    thief = app.test_client()
    thief.set_cookie(COOKIE, token)
    assert thief.get("/admin/").status_code == 302


def test_without_an_account_the_page_says_how_to_create_one(app, client, page_of):
    with app.extensions["console"].store.begin() as session:
        session.query(AccountRow).update({"is_active": False})
    page = page_of(client, "/admin/sign-in")
    assert "python manage.py createsuperuser" in page.text


def test_a_changed_password_keeps_this_session_and_ends_the_others(app, sign_in):
    here, elsewhere = app.test_client(), sign_in(app, "author")
    _sign_in(here)
    data = {"current": PASSWORD, "new": "another fine password", "again": "another fine password"}
    assert here.post("/admin/password", data=data).status_code == 303
    assert here.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302
    assert _sign_in(app.test_client(), password="another fine password").status_code == 303


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"current": "wrong"}, "This is not your current password."),
        ({"again": "something else"}, "This is not the same as the new password above."),
        ({"new": "short", "again": "short"}, "Use at least"),
    ],
)
def test_a_password_is_not_changed_when_something_is_wrong(app, sign_in, changed, sentence):
    data = {"current": PASSWORD, "new": "another fine password", "again": "another fine password"}
    response = sign_in(app, "author").post("/admin/password", data={**data, **changed})
    assert response.status_code == 400
    assert sentence in response.text


@pytest.mark.parametrize("choice", ["light", "dark", "auto"])
def test_the_chosen_colours_are_drawn_by_the_server(app, client, page_of, choice):
    client.post("/admin/theme", data={"theme": choice, "next": "/admin/sign-in"})
    assert page_of(client, "/admin/sign-in").html["data-bs-theme"] == choice


def test_unknown_colours_are_forgotten(client, page_of):
    client.post("/admin/theme", data={"theme": "<script>", "next": "/admin/sign-in"})
    assert page_of(client, "/admin/sign-in").html["data-bs-theme"] == "auto"


def test_a_changed_password_is_one_sign_in_and_no_more(app, sign_in):
    store = app.extensions["console"].store
    here = sign_in(app, "author")
    newest = list_entries(store)[0].id
    data = {"current": PASSWORD, "new": "another fine password", "again": "another fine password"}
    assert here.post("/admin/password", data=data).status_code == 303
    told = [entry.action for entry in list_entries(store) if entry.id > newest]
    assert told == ["sign-in.succeeded", "account.password-changed"]
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(SessionRow)) == 1
