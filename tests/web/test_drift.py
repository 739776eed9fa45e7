"""The page on which models, database and history are compared."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

from console.schema.drift import Comparison, Drift
from console.schema.wire import encode
from console.services.drift import claim_drift
from console.services.presence import Presence
from console.services.runner import Runner
from console.store.drift import DriftRow
from console.store.times import now


def _work(app):
    console = app.extensions["console"]
    workspace = console.settings.workspace
    Runner(console.store, console.targets, workspace).work(threading.Event(), once=True)


def _change_by_hand(app, sql):
    file = app.extensions["console"].targets["default"].parsed_url.database
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(sql)


def test_nothing_was_compared_yet(app, sign_in, page_of):
    page = page_of(sign_in(app, "viewer"), "/admin/drift/")
    assert "Nothing has been compared yet" in page.text
    assert not page.select(".page__actions form")
    links = [a["href"] for a in page_of(sign_in(app, "viewer"), "/admin/").select("a")]
    assert "/admin/drift/default" in links


def test_a_comparison_waits_for_the_worker_and_the_page_says_so(app, sign_in, page_of):
    author = sign_in(app, "author")
    assert author.post("/admin/drift/default").location == "/admin/drift/default"
    page = page_of(author, "/admin/drift/default")
    assert page.select_one("[data-draw-anew]")["data-draw-anew"] == "1 queued"
    assert page.head.noscript.meta["content"] == "3"
    assert "python manage.py worker" in page.text
    assert not page.select(".page__actions form")
    author.post("/admin/drift/default")
    assert "being compared already" in page_of(author, "/admin/drift/default").text


def test_what_agrees_is_said_and_shown_on_the_dashboard(app, sign_in, page_of):
    author = sign_in(app, "author")
    author.post("/admin/drift/default")
    _work(app)
    page = page_of(author, "/admin/drift/default")
    assert "The models, the database and the history agree." in page.text
    assert "The models and the database agree." in page.text
    assert "No drift" in page_of(author, "/admin/").select_one(".standing__drift").text


def test_what_was_changed_by_hand_is_drawn_as_a_plan_draws_it(app, sign_in, page_of):
    _change_by_hand(
        app,
        "ALTER TABLE products ADD COLUMN stock INTEGER; CREATE INDEX by_name ON products (name);",
    )
    author = sign_in(app, "author")
    author.post("/admin/drift/default")
    _work(app)
    page = page_of(author, "/admin/drift/default")
    history = page.select_one("#history").find_parent("section")
    assert [c.select_one(".change__sign").text for c in history.select(".change")] == ["+", "+"]
    models = page.select_one("#models").find_parent("section")
    assert [c.select_one(".change__sign").text for c in models.select(".change")] == ["−", "−"]
    assert "There is drift" in page_of(author, "/admin/").select_one(".standing__drift").text


def test_what_could_not_be_compared_is_no_drift(app, sign_in, page_of):
    unknown = Comparison(error="The models cannot be read.")
    found = Drift("default", (), (), Comparison(), unknown, "database")
    values = {"state": "done", "is_clean": False, "requested_by": "Ada", "finished_at": now()}
    with app.extensions["console"].store.begin() as session:
        session.add(DriftRow(target="default", drift=encode(found), **values))
    author = sign_in(app, "author")
    page = page_of(author, "/admin/drift/default")
    assert "Not everything could be compared" in page.text
    assert "The models could not be held against the database, and the rest agrees." in page.text
    said = page_of(author, "/admin/").select_one(".standing__drift").text
    assert "Not everything could be compared" in said
    assert "There is drift" not in said


def test_where_nothing_could_be_compared_both_halves_say_so(app, sign_in, page_of):
    error = Comparison(error="Revision 4c1a7f20b9de cannot run on an empty database: KeyError: 1.")
    found = Drift("default", (), ("9e2d05c8a314",), error, error, "history")
    values = {"state": "done", "is_clean": False, "requested_by": "Ada", "finished_at": now()}
    with app.extensions["console"].store.begin() as session:
        session.add(DriftRow(target="default", drift=encode(found), **values))
    page = page_of(sign_in(app, "author"), "/admin/drift/default").text
    assert "Nothing could be compared" in page
    assert (
        "The database could not be held against its history, and the models could not be held "
        "against the history." in page
    )
    assert page.count("Revision 4c1a7f20b9de cannot run on an empty database") == 2


def test_a_version_table_that_says_nothing_is_told_with_what_to_do(app, sign_in, page_of):
    _change_by_hand(
        app,
        "PRAGMA foreign_keys = OFF; DROP TABLE alembic_version; "
        "CREATE TABLE alembic_version (note TEXT);",
    )
    viewer = sign_in(app, "viewer")
    for address in ("/admin/", "/admin/migrations/default/"):
        page = page_of(viewer, address)
        assert "has no column version_num, so it is not Alembic's" in page.text
        assert "did not answer" not in page.text


def test_pending_revisions_are_named_and_a_rename_is_suspected(lagging_app, sign_in, page_of):
    _change_by_hand(lagging_app, "ALTER TABLE users RENAME COLUMN name TO called;")
    author = sign_in(lagging_app, "author")
    author.post("/admin/drift/default")
    _work(lagging_app)
    page = page_of(author, "/admin/drift/default")
    assert "what the history makes with its 1 pending revision agree" in page.text
    assert "A rename?" in page.select_one("#history").find_parent("section").text


def test_one_that_waits_is_cancelled_on_a_page_that_says_what_stays(app, sign_in, page_of):
    author = sign_in(app, "author")
    author.post("/admin/drift/default")
    link = page_of(author, "/admin/drift/default").select_one(".live ~ .panel__foot a")
    assert link["href"] == "/admin/drift/default/cancel"
    asked = page_of(author, link["href"])
    assert "It is taken off the list, and nothing happens." in asked.text
    assert author.post(link["href"]).location == "/admin/drift/default"
    page = page_of(author, "/admin/drift/default")
    assert "The comparison is cancelled." in page.text
    assert "Ada Author cancelled it. Nothing was changed" in page.text
    assert page.select(".page__actions form")
    assert author.get(link["href"]).location == "/admin/drift/default"
    assert "No comparison goes on" in page_of(author, "/admin/drift/default").text


def test_one_that_has_begun_says_that_it_is_being_cancelled(app, sign_in, page_of):
    author, store = sign_in(app, "author"), app.extensions["console"].store
    author.post("/admin/drift/default")
    with Presence(store, "worker") as presence:
        claim_drift(store, presence.id)
        assert "The database is only read" in page_of(author, "/admin/drift/default/cancel").text
        author.post("/admin/drift/default/cancel")
        page = page_of(author, "/admin/drift/default")
        assert page.select_one("[data-draw-anew]")["data-draw-anew"] == "1 cancelling"
        assert "Ada Author has cancelled it; it is about to end." in page.text
        assert not page.select("a[href$=cancel]")
        author.post("/admin/drift/default/cancel")
        assert (
            "it is about to end"
            in page_of(author, "/admin/drift/default").select_one(".flash, .notice").text
        )


def test_who_may_not_ask_for_one_finds_nothing_to_cancel_it(app, sign_in, page_of):
    sign_in(app, "author").post("/admin/drift/default")
    assert not page_of(sign_in(app, "viewer"), "/admin/drift/default").select("a[href$=cancel]")
