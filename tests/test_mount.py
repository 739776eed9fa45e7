"""The console on an application that was there before it, with names of its own for everything."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Blueprint, Flask, render_template, session
from flask.testing import FlaskClient
from flask_admin import expose
from flask_login import LoginManager, UserMixin, current_user, login_user
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined
from sqlalchemy.orm import Mapped, mapped_column

from console import Console
from console.admin import ConsoleView
from console.config import Settings
from tests import world as small_world

OWN_TEMPLATES = {
    "layout.html": "<title>Ours</title>{% block content %}{% endblock %}",
    "base.html": "<p>OWN-THING base</p>",
    "_macros.html": "{% macro icon(name) %}OWN-THING icon{% endmacro %}",
    "_parts.html": "OWN-THING parts",
    "errors/signed_in.html": "OWN-THING error",
    "admin/list.html": "OWN-THING list",
    "home.html": "{% extends 'layout.html' %}{% block content %}{{ 'x' | datetime }} {{ asset('a') }}"
    " {{ can }}{% endblock %}",
    "stock.html": "{% extends 'layout.html' %}{% block title %}Stock{% endblock %}"
    "{% block content %}{{ 3 | count_of('box', 'boxes') }} by {{ current_account.name }}{% endblock %}",
}
TEXT = {"data": {"text": "hello"}}


class Stock(ConsoleView):
    """A page of the application's own in the console."""

    @expose("/")
    def index(self) -> str:
        """How much there is."""
        return self.render("stock.html")


class Member(UserMixin):
    """Somebody who signs in to the application, and is nobody to the console."""

    id = "7"


@pytest.fixture
def foreign(tmp_path: Path, store_template: Path) -> Iterator[Flask]:
    """A small shop with its own templates, filters, blueprints, users and check of forms."""
    for name, text in OWN_TEMPLATES.items():
        file = tmp_path / "templates" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    shutil.copyfile(store_template, tmp_path / "console.db")
    app = Flask("foreign", root_path=str(tmp_path), template_folder="templates")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'foreign.db'}",
        SECRET_KEY="the key of the foreign application",
    )
    app.jinja_options = {"undefined": StrictUndefined}
    db = SQLAlchemy(app)

    class Item(db.Model):  # type: ignore[name-defined]  # made at run time
        __tablename__ = "items"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    Migrate(app, db, directory=str(tmp_path / "migrations"))
    CSRFProtect(app)
    _give_it_pages(app)
    settings = Settings.from_environment(
        {
            "CONSOLE_ENV": "testing",
            "CONSOLE_INSTANCE": str(tmp_path),
            "CONSOLE_SECRET_KEY": "a key that is used in tests only, and long enough",
            "CONSOLE_APP": "foreign:make",
        }
    )
    console = Console(app, db, settings=settings)
    console.add_model(Item)
    console.admin.add_view(Stock("Stock", endpoint="stock"))
    with app.app_context():
        db.create_all()
        db.session.add(Item(name="Lamp"))
        db.session.commit()
        db.session.remove()
    yield app
    console.store.close()
    with app.app_context():
        db.engine.dispose()


def _give_it_pages(app: Flask) -> None:
    logins = LoginManager(app)
    logins.user_loader(lambda _id: Member())
    app.jinja_env.filters["datetime"] = lambda value: f"OWN-THING {value}"
    app.jinja_env.globals["asset"] = lambda name: f"OWN-THING {name}"
    app.context_processor(
        lambda: {"can": "OWN-THING can", "current_account": "ours", "request": None}
    )
    for name in ("items", "users", "audit", "accounts"):
        app.register_blueprint(Blueprint(name, __name__, url_prefix=f"/{name}"))

    @app.get("/")
    def home() -> str:
        return render_template("home.html")

    @app.get("/join")
    def join() -> str:
        login_user(Member())
        return "joined"

    @app.get("/who")
    def who() -> str:
        return f"{current_user.is_authenticated} {sorted(session)}"

    @app.post("/order")
    def order() -> str:
        return "ordered"


@pytest.fixture
def author(foreign: Flask) -> FlaskClient:
    """The author, signed in by the console's own form."""
    client = foreign.test_client()
    page = client.get("/admin/sign-in")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token
    response = client.post(
        "/admin/sign-in",
        data={
            "csrf_token": token[1],
            "email": "author@example.com",
            "password": small_world.PASSWORD,
        },
    )
    assert response.status_code == 303, response.text
    return client


@pytest.mark.parametrize(
    ("url", "heading"),
    [
        ("/admin/", "Dashboard"),
        ("/admin/items/", "Items"),
        ("/admin/items/new", "New item"),
        ("/admin/items/1/edit", "Lamp"),
        ("/admin/migrations/", "History"),
        ("/admin/reviews/", "Reviews"),
        ("/admin/runs/", "Runs"),
        ("/admin/audit", "Audit"),
        ("/admin/password", "Change your password"),
    ],
)
def test_every_page_is_drawn_by_the_console(author, url, heading):
    response = author.get(url)
    assert response.status_code == 200, response.text
    assert re.search(rf"<h1>\s*{heading}\s*</h1>", response.text)
    assert "OWN-THING" not in response.text
    assert "/admin/static/icons" in response.text


def test_a_row_is_saved_under_both_checks_of_forms(author):
    page = author.get("/admin/items/1/edit").text
    sent = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    response = author.post(
        "/admin/items/1/edit", data={**sent, "name": "Desk", "csrf_token": token[1]}
    )
    assert response.status_code == 302, response.text
    assert "Desk" in author.get("/admin/items/").text


def test_an_application_that_no_process_could_import_is_told_so(
    foreign: Flask, author: FlaskClient
) -> None:
    console = foreign.extensions["console"]
    console.settings = replace(console.settings, application="")
    page = author.get("/admin/migrations/")
    assert page.status_code == 503
    assert "set CONSOLE_APP to it" in page.text
    assert author.get("/admin/items/").status_code == 200


def test_what_is_missing_gets_the_consoles_error_page(author):
    response = author.get("/admin/reviews/99")
    assert response.status_code == 404
    assert "There is no review 99." in response.text
    assert "OWN-THING error" not in response.text


def test_the_application_keeps_its_own_templates_filters_and_names(foreign):
    page = foreign.test_client().get("/").text
    assert page == "<title>Ours</title>OWN-THING x OWN-THING a OWN-THING can"


def test_the_application_keeps_its_own_check_of_forms(foreign):
    assert foreign.test_client().post("/order").status_code == 400


def test_its_members_are_nobody_to_the_console(foreign):
    client = foreign.test_client()
    assert client.get("/join").text == "joined"
    assert client.get("/who").text.startswith("True")
    assert client.get("/admin/").headers["Location"] == "/admin/sign-in?next=/admin/"


def test_an_account_is_nobody_to_the_application(author):
    assert author.get("/who").text.startswith("False")


def test_a_page_of_its_own_stands_in_the_consoles_frame(author, foreign):
    page = author.get("/admin/stock/").text
    assert "3 boxes by Ada Author" in page
    assert "/admin/static/icons" in page
    assert foreign.test_client().get("/admin/stock/").status_code == 302
