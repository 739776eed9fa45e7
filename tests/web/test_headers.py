"""What every answer tells a browser."""

from __future__ import annotations

import pytest

from console.web.filters import STATIC

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
PAGES = [
    "/admin/",
    "/admin/migrations/",
    "/admin/migrations/default/9e2d05c8a314",
    "/admin/reviews/",
    "/admin/reviews/new",
    "/admin/reviews/new?goal=head",
    "/admin/runs/",
    "/admin/audit",
    "/admin/accounts/",
    "/admin/accounts/new",
    "/admin/accounts/1",
    "/admin/password",
    "/admin/nothing",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_keeps_to_the_policy_it_declares(lagging_app, sign_in, page_of, path):
    client = sign_in(lagging_app, "administrator")
    response = client.get(path)
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["Cache-Control"] == "no-store"
    page = page_of(client, path, response.status_code)
    assert not page.find_all(lambda tag: any(a == "style" or a.startswith("on") for a in tag.attrs))
    assert not page.find_all("style")
    assert all(script.get("src") for script in page.find_all("script"))
    assert not page.find_all(href=lambda value: value and value.startswith("javascript:"))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_its_landmarks_and_one_heading(lagging_app, sign_in, page_of, path):
    client = sign_in(lagging_app, "administrator")
    page = page_of(client, path, client.get(path).status_code)
    assert page.html["lang"] == "en"
    assert len(page.find_all("h1")) == len(page.find_all("main")) == 1
    assert page.title.text == f"{page.h1.text.strip()} · Console"
    assert page.select_one("a.skip-link")["href"] == "#content"
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids))


def test_every_form_that_changes_something_carries_a_token(lagging_app, sign_in, page_of):
    client = sign_in(lagging_app, "administrator")
    for path in PAGES:
        page = page_of(client, path, client.get(path).status_code)
        forms = page.find_all("form", method="post")
        assert forms
        assert all(form.find("input", attrs={"name": "csrf_token"}) for form in forms), path


def test_a_proxys_request_id_is_kept_if_it_is_one(client):
    given = client.get("/admin/sign-in", headers={"X-Request-ID": "abc-12345678"})
    assert given.headers["X-Request-ID"] == "abc-12345678"
    forged = client.get("/admin/sign-in", headers={"X-Request-ID": "<b>" * 9})
    assert "<" not in forged.headers["X-Request-ID"]


def test_files_of_the_front_end_may_be_kept_for_ever(client):
    if not (STATIC / "manifest.json").exists():
        pytest.skip("the front end is not built: run make")
    with client.get("/admin/static/manifest.json") as response:
        assert "immutable" in response.headers["Cache-Control"]


def test_none_of_flask_admins_own_files_is_served(app, client):
    assert client.get("/admin/static/vendor/jquery.min.js").status_code in (302, 404)
    assert not [rule for rule in app.url_map.iter_rules() if rule.endpoint == "admin.static"]
