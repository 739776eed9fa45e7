"""Who may sign in, and as what."""

from __future__ import annotations

import pytest

from tests import world
from tests.world import PASSWORD

NEW = {
    "name": "Nora New",
    "email": "nora@example.com",
    "role": "author",
    "password": "a fine first password",
}


@pytest.fixture
def administrator(app, sign_in):
    return sign_in(app, "administrator")


def test_a_new_account_can_sign_in(app, administrator):
    assert administrator.post("/admin/accounts/new", data=NEW).status_code == 303
    data = {"email": NEW["email"], "password": NEW["password"]}
    assert app.test_client().post("/admin/sign-in", data=data).status_code == 303


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "author@example.com"}, "email"),
        ({"role": "king"}, "role"),
        ({"password": "short"}, "password"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(administrator, changed, field):
    response = administrator.post("/admin/accounts/new", data={**NEW, **changed})
    assert response.status_code == 400
    assert f'href="#{field}"' in response.text
    assert f'id="{field}-error"' in response.text


def test_an_account_that_is_switched_off_is_out_at_once(app, administrator, sign_in):
    author = sign_in(app, "author")
    number = world.world_of(app.extensions["console"].store).author.id
    assert (
        administrator.post(f"/admin/accounts/{number}", data={"role": "author"}).status_code == 303
    )
    assert author.get("/admin/").status_code == 302


def test_the_last_administrator_stays(app, administrator):
    number = world.world_of(app.extensions["console"].store).administrator.id
    data = {"role": "viewer", "is_active": "y"}
    response = administrator.post(f"/admin/accounts/{number}", data=data)
    assert response.status_code == 400
    assert "last administrator" in response.text


def test_an_unknown_account_is_not_there(administrator):
    assert administrator.get("/admin/accounts/999").status_code == 404


def test_nobody_else_may_look(app, sign_in):
    for role in ("viewer", "author", "approver", "operator"):
        assert sign_in(app, role).get("/admin/accounts/").status_code == 403
        assert sign_in(app, role).post("/admin/accounts/new", data=NEW).status_code == 403


def test_passwords_are_never_sent_back(administrator):
    response = administrator.post("/admin/accounts/new", data={**NEW, "email": "x"})
    assert NEW["password"] not in response.text
    assert PASSWORD not in response.text
