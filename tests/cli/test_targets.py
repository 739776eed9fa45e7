"""Several databases: every command takes the name of one, and the pages show them all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from console.app import create_app
from tests.cli.conftest import Manage, data_of
from tests.conftest import MakeApp, SignIn
from tests.histories.place import PRICE, PRODUCTS
from tests.histories.script_folder import write_folder


@pytest.fixture
def app(make_app: MakeApp, tmp_path: Path) -> Flask:
    """The shop, and beside it a database `stock` with a history of its own."""
    write_folder(tmp_path / "stock", [PRODUCTS, PRICE])
    file = tmp_path / "targets.toml"
    file.write_text('[targets.stock]\nscript_location = "stock"\nurl = "sqlite:///stock.db"')
    settings = make_app().extensions["console"].settings
    app = create_app(replace(settings, targets_file=file))
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture(autouse=True)
def _close(app: Flask):
    yield
    app.extensions["console"].store.close()
    with app.app_context():
        app.extensions["sqlalchemy"].engine.dispose()


def test_all_are_listed(manage: Manage, app: Flask) -> None:
    listed = data_of(manage(app, "showmigrations", "--json"))
    assert [one["target"] for one in listed] == ["default", "stock"]


def test_one_that_cannot_be_read_does_not_hide_the_others(
    manage: Manage, app: Flask, tmp_path: Path
) -> None:
    targets = app.extensions["console"].targets
    for name in ("broken", "later"):
        targets[name] = replace(targets["stock"], name=name, url=f"sqlite:///{tmp_path}/{name}.db")
    (tmp_path / "broken.db").write_bytes(b"no database" * 100)
    told = manage(app, "showmigrations")
    assert told.exit_code == 1
    assert "broken\n (cannot be read)\nlater\n [ ] aaaa1" in told.stdout
    assert told.stderr.endswith("Error: Where these stand cannot be told: broken.\n")
    listed = data_of(manage(app, "showmigrations", "--json"))
    assert [one["target"] for one in listed] == ["default", "stock", "broken", "later"]
    assert "file is not a database" in listed[2]["error"]
    found = data_of(manage(app, "doctor", "--json"))
    assert [(one["code"], one["subject"]) for one in found] == [("database-unreachable", "broken")]
    compared = manage(app, "drift")
    assert compared.exit_code == 1
    assert "stock\n  The database is what its history makes up to base." in compared.stdout
    assert "broken\n  It cannot be compared: The database refused: file is not" in compared.stdout
    assert compared.stderr.endswith("Error: These cannot be read: broken.\n")
    assert data_of(manage(app, "drift", "--json"))[-1]["target"] == "broken"
    alone = manage(app, "doctor", "--target", "broken")
    assert alone.exit_code == 1
    assert "Error: The database refused: file is not a database." in alone.stderr


def test_a_name_chooses_one_from_plan_to_apply(manage: Manage, app: Flask, tmp_path: Path) -> None:
    assert "up   bbbb1" in manage(app, "plan", "--target", "stock").stdout
    rehearsed = manage(app, "rehearse", "--target", "stock")
    assert rehearsed.exit_code == 0, rehearsed.output
    applied = manage(app, "migrate", "--target", "stock")
    assert applied.exit_code == 0, applied.output
    assert (tmp_path / "stock.db").exists()
    told = data_of(manage(app, "showmigrations", "--target", "stock", "--json"))
    assert told[0]["is_up_to_date"]


def test_what_cannot_be_compared_is_not_called_drift(manage: Manage, app: Flask) -> None:
    manage(app, "migrate", "--target", "stock")
    checked = manage(app, "drift", "--target", "stock", "--check")
    assert checked.exit_code == 1
    assert "env.py gives no target_metadata" in checked.stdout
    assert checked.stderr.endswith("Error: Not everything could be compared in stock.\n")


def test_the_pages_show_each_history(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(app, "author")
    page = client.get("/admin/migrations/").get_data(as_text=True)
    assert "stock" in page
    assert "default" in page
    page = client.get("/admin/migrations/stock/").get_data(as_text=True)
    assert "Add price to products" in page
    opened = client.post(
        "/admin/reviews/new", data={"target": "stock", "goal": "head", "title": "Stock it"}
    )
    assert opened.status_code == 303, opened.get_data(as_text=True)
    assert "stock" in client.get(opened.location).get_data(as_text=True)
