"""Every address of the console, asked by every role: who is let in, and who is told why not.

A new address has to say here who may use it, or `test_every_address_says_who_may_use_it` fails.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from console.services.permissions import ROLES, allows
from console.services.reviews import get_review, open_review
from console.web.headers import HEADERS
from tests.conftest import BEHIND
from tests.world import world_of

ANYBODY, SIGNED_IN = "anybody", "signed in"
# (endpoint, method): what it takes. A model's pages are those of products for all of them.
NEEDS = {
    ("console_accounts.edit", "GET"): "manage-accounts",
    ("console_accounts.edit", "POST"): "manage-accounts",
    ("console_accounts.index", "GET"): "manage-accounts",
    ("console_accounts.new", "GET"): "manage-accounts",
    ("console_accounts.new", "POST"): "manage-accounts",
    ("console_audit.index", "GET"): "view-audit",
    ("console_auth.password", "GET"): SIGNED_IN,
    ("console_auth.password", "POST"): SIGNED_IN,
    ("console_auth.sign_in", "GET"): ANYBODY,
    ("console_auth.sign_in", "POST"): ANYBODY,
    ("console_auth.sign_out", "POST"): SIGNED_IN,
    ("console_auth.theme", "POST"): ANYBODY,
    ("console_drift.cancel", "GET"): "rehearse",
    ("console_drift.cancel", "POST"): "rehearse",
    ("console_drift.compare", "POST"): "rehearse",
    ("console_drift.index", "GET"): "view",
    ("console_drift.show", "GET"): "view",
    ("console_history.index", "GET"): "view",
    ("console_history.revision", "GET"): "view",
    ("console_history.target", "GET"): "view",
    ("console_reviews.accept", "POST"): "approve",
    ("console_reviews.apply", "GET"): "apply",
    ("console_reviews.apply", "POST"): "apply",
    ("console_reviews.approve", "POST"): "approve",
    ("console_reviews.close", "POST"): "open-review",
    ("console_reviews.comment", "POST"): "comment",
    ("console_reviews.index", "GET"): "view",
    ("console_reviews.new", "GET"): "open-review",
    ("console_reviews.new", "POST"): "open-review",
    ("console_reviews.refuse", "POST"): "approve",
    ("console_reviews.rehearse", "POST"): "rehearse",
    ("console_reviews.renew", "POST"): "open-review",
    ("console_reviews.show", "GET"): "view",
    ("console_reviews.take_back", "POST"): "approve",
    ("console_runs.cancel", "GET"): "rehearse",
    ("console_runs.cancel", "POST"): "rehearse",
    ("console_runs.events", "GET"): "view",
    ("console_runs.index", "GET"): "view",
    ("console_runs.show", "GET"): "view",
    ("console_static.static", "GET"): ANYBODY,
    ("console_dashboard.index", "GET"): SIGNED_IN,
    ("console_data_products.action_view", "POST"): "edit-data",
    ("console_data_products.create_view", "GET"): "edit-data",
    ("console_data_products.create_view", "POST"): "edit-data",
    ("console_data_products.delete_view", "GET"): "edit-data",
    ("console_data_products.delete_view", "POST"): "edit-data",
    ("console_data_products.details_view", "GET"): "view",
    ("console_data_products.edit_view", "GET"): "edit-data",
    ("console_data_products.edit_view", "POST"): "edit-data",
    ("console_data_products.index_view", "GET"): "view",
    ("console_data_products.lookup_view", "GET"): "view",
}
MODELS = ("console_data_products", "console_data_users", "console_data_posts")
VALUES = {
    "id": "1",
    "relation": "author",
    "target": "default",
    "revision": BEHIND,
    "acceptance_id": "1",
    "review_id": "1",
    "run_id": "1",
    "account_id": "2",
    "filename": "none.css",
}


def _need(endpoint: str, method: str) -> str | None:
    blueprint, _, view = endpoint.partition(".")
    name = f"console_data_products.{view}" if blueprint in MODELS else endpoint
    return NEEDS.get((name, method))


def _addresses(app: Flask) -> Iterator[tuple[str, str, str]]:
    """(endpoint, method, path) of everything below the prefix; signing out comes last."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/admin"):
            values = {name: VALUES[name] for name in rule.arguments}
            path = app.url_map.bind("localhost").build(rule.endpoint, values)
            path = path if rule.arguments else rule.rule
            found += [(rule.endpoint, m, path) for m in (rule.methods or set()) & {"GET", "POST"}]
    yield from sorted(found, key=lambda each: (each[0] == "console_auth.sign_out", each))


@pytest.fixture
def reviewed(make_app) -> Flask:
    """The reference application with review 1, opened by the author, and its waiting run 1."""
    app = make_app(behind=True)
    console = app.extensions["console"]
    author = world_of(console.store).author
    open_review(console.store, console.targets, author, target="default", goal="head")
    return app


def _send(client: FlaskClient, method: str, path: str, digest: str = ""):
    if method == "POST":
        return client.post(path, data={"digest": digest})
    return client.get(path)


def _is_sent_to_sign_in(response) -> bool:
    return response.status_code == 302 and response.location.startswith("/admin/sign-in")


def test_every_address_says_who_may_use_it(app):
    missing = {(e, m) for e, m, _ in _addresses(app) if _need(e, m) is None}
    assert not missing, "say in NEEDS who may use these"


def test_a_visitor_is_asked_to_sign_in_everywhere(reviewed, client):
    for endpoint, method, path in _addresses(reviewed):
        with _send(reviewed.test_client(), method, path) as response:
            is_open = _need(endpoint, method) == ANYBODY
            assert _is_sent_to_sign_in(response) is not is_open, f"{method} {path}"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_let_in_where_it_may_and_told_why_not_elsewhere(reviewed, sign_in, role):
    client, console = sign_in(reviewed, role), reviewed.extensions["console"]
    digest = get_review(console.store, console.targets, 1).plan.digest
    for endpoint, method, path in _addresses(reviewed):
        need = _need(endpoint, method)
        may = need in (ANYBODY, SIGNED_IN) or allows(role, need)
        with _send(client, method, path, digest) as response:
            where = f"{role}: {method} {path} answers {response.status}"
            assert (response.status_code != 403) is may, where
            assert response.status_code < 500, where
            assert not _is_sent_to_sign_in(response), where
            if not may:
                assert f"yours is {role}" in response.text, where
            for name, value in HEADERS.items():
                assert response.headers[name] == value, where


def test_nothing_can_be_sent_without_a_token(guarded, sign_in):
    client = sign_in(guarded, "administrator")
    for _, method, path in _addresses(guarded):
        if method == "POST":
            for data in ({}, {"csrf_token": "made up"}):
                response = client.post(path, data=data)
                assert response.status_code == 400, path
                assert "This form is no longer valid" in response.text, path


def test_no_other_method_gets_in(reviewed, sign_in):
    client = sign_in(reviewed, "administrator")
    for _, method, path in _addresses(reviewed):
        for other in ("PUT", "PATCH", "DELETE"):
            assert client.open(path, method=other).status_code == 405, f"{other} {path}"
        if method == "POST":
            override = {"X-HTTP-Method-Override": "POST"}
            before = client.get(path, headers=override).status_code
            assert before in (200, 404, 405, 303, 302), path
