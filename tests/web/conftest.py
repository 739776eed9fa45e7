"""What the tests of the pages share."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

PageOf = Callable[..., BeautifulSoup]


@pytest.fixture
def page_of() -> PageOf:
    """`page_of(client, "/admin/")`: the page as a tree, after its status was checked (200)."""

    def page_of(client: FlaskClient, url: str, status: int = 200) -> BeautifulSoup:
        response = client.get(url)
        assert response.status_code == status, response.get_data(as_text=True)[:2000]
        return BeautifulSoup(response.data, "html.parser")

    return page_of


@pytest.fixture
def token_of() -> Callable[[FlaskClient], str]:
    """The CSRF token that a page gives to this client."""

    def token_of(client: FlaskClient) -> str:
        for url in ("/admin/password", "/admin/sign-in"):
            found = re.search(
                r'name="csrf_token" value="([^"]+)"', client.get(url).get_data(as_text=True)
            )
            if found:
                return found[1]
        raise AssertionError("no page gave a token")

    return token_of


@pytest.fixture
def guarded(make_app: Callable[..., Flask]) -> Flask:
    """The reference application with its CSRF check on."""
    return make_app(csrf=True)
