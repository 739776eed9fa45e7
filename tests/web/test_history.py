"""The graph of revisions, and one revision's script."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from tests.web.samples import CREATE, PRICE


def _rows(page):
    return [
        (row.select_one(".graph__title").get_text(" ", strip=True), row["class"][-1])
        for row in page.select(".graph__row")
    ]


def test_the_graph_marks_where_the_database_stands_and_what_is_pending(
    lagging_app, sign_in, page_of
):
    page = page_of(sign_in(lagging_app, "author"), "/admin/migrations/")
    assert _rows(page) == [
        ("Add price to products Pending", "graph__row--pending"),
        ("Create products, users and posts The database stands here", "graph__row--here"),
        ("Base", "graph__row--base"),
    ]
    assert "1 revision behind its files" in page.text


def test_each_revision_but_the_current_one_can_be_gone_to(app, sign_in, page_of):
    page = page_of(sign_in(app, "author"), "/admin/migrations/default/")
    goals = [link["href"].rpartition("goal=")[2] for link in page.select(".graph__act a")]
    assert goals == [CREATE, "base"]


def test_who_may_not_open_a_review_sees_no_button_for_it(app, sign_in, page_of):
    page = page_of(sign_in(app, "viewer"), "/admin/migrations/")
    assert not page.select(".graph__act a")


def test_a_revision_shows_its_script_and_its_neighbours(app, sign_in, page_of):
    page = page_of(sign_in(app, "viewer"), f"/admin/migrations/default/{CREATE}")
    assert "op.create_table" in page.select_one(".code").text
    assert page.find("aside").find("a", string="Add price to products")
    assert page.h1.text == "Create products, users and posts"


def test_a_revision_is_found_by_the_beginning_of_its_id(app, sign_in, page_of):
    assert page_of(sign_in(app, "viewer"), f"/admin/migrations/default/{PRICE[:6]}")


def test_an_unknown_revision_is_answered_in_words(app, sign_in):
    response = sign_in(app, "viewer").get("/admin/migrations/default/zzz")
    assert response.status_code == 404
    assert "There is no revision" in response.text


def _stamp(app, revision: str) -> None:
    path = app.extensions["console"].targets["default"].parsed_url.database
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def test_a_database_stamped_with_an_unknown_revision_is_told(app, sign_in, page_of):
    _stamp(app, "feedfacecafe")
    page = page_of(sign_in(app, "author"), "/admin/migrations/")
    assert "feedfacecafe" in page.select_one(".notice--danger").text
    assert not page.select(".graph__act a")


def test_what_was_applied_outside_is_told_until_the_console_moves_on(lagging_app, sign_in, page_of):
    client = sign_in(lagging_app, "author")
    page_of(client, "/admin/migrations/")
    _stamp(lagging_app, PRICE)
    for path in ("/admin/migrations/", "/admin/migrations/", "/admin/"):
        assert "applied outside the console" in page_of(client, path).find("main").text


@pytest.fixture
def broken(lagging_app, tmp_path):
    """The lagging application with a history in which one file has a syntax error."""
    import shutil
    from dataclasses import replace

    console = lagging_app.extensions["console"]
    target = console.targets["default"]
    folder = tmp_path / "migrations"
    shutil.copytree(target.script_location, folder)
    (folder / "versions" / "aaaa_unfinished.py").write_text('revision = "aaaa"\ndef upgrade(:\n')
    console.__dict__["targets"] = {
        "default": replace(target, script_location=folder, version_locations=(folder / "versions",))
    }
    return lagging_app


def test_a_file_with_a_syntax_error_is_listed_and_marked(broken, sign_in, page_of):
    page = page_of(sign_in(broken, "author"), "/admin/migrations/")
    assert "aaaa_unfinished.py" in page.select_one(".notice--danger").text
    row = page.select_one(".graph__row--broken")
    assert "Cannot be read" in row.text
    assert len(page.select(".graph__row")) == 4


def test_a_broken_file_can_still_be_looked_at(broken, sign_in, page_of):
    client = sign_in(broken, "author")
    link = page_of(client, "/admin/migrations/").select_one(".graph__row--broken a")
    assert "def upgrade(:" in page_of(client, link["href"]).text


def test_a_long_history_comes_in_pages(lagging_app, sign_in, page_of, monkeypatch):
    from console.web import history

    monkeypatch.setattr(history, "ROWS", 1)
    client = sign_in(lagging_app, "viewer")
    page = page_of(client, "/admin/migrations/default/")
    assert _rows(page) == [("Add price to products Pending", "graph__row--pending")]
    here = page.find("a", string="Where the database stands")["href"]
    assert here.endswith("?page=2#here")
    second = page_of(client, here)
    assert [state for _, state in _rows(second)] == ["graph__row--here", "graph__row--base"]
    assert page_of(client, "/admin/migrations/default/?page=99").find("a", string="Newer")


def test_several_heads_are_explained_and_can_be_reviewed_together(broken, sign_in, page_of):
    versions = broken.extensions["console"].targets["default"].version_locations[0]
    (versions / "bbbb_other.py").write_text(
        f'revision = "bbbb"\ndown_revision = "{CREATE}"\ndef upgrade(): pass\n'
        "def downgrade(): pass\n"
    )
    page = page_of(sign_in(broken, "author"), "/admin/migrations/")
    assert "2 heads" in page.select_one(".notice--danger").text
    assert "manage.py db merge" in page.select_one(".notice--danger").text
    assert page.find("a", string="Review the plan to all heads")["href"].endswith("goal=heads")


def test_no_message_and_no_source_deceives_who_reads_it(app, sign_in, page_of, tmp_path):
    console = app.extensions["console"]
    target = console.targets["default"]
    versions = tmp_path / "versions"
    versions.mkdir()
    for path in target.version_locations[0].glob("*.py"):
        (versions / path.name).write_text(path.read_text())
    (versions / "dddd1_.py").write_text(
        f'"""Harmless\u202e"""\nrevision = "dddd1"\ndown_revision = "{PRICE}"\n'
        'def upgrade():\n    """\u202e\u2066if admin"""\ndef downgrade():\n    pass\n'
    )
    console.targets["default"] = replace(target, version_locations=(versions,))
    client = sign_in(app, "author")
    for url in ("/admin/migrations/default/", "/admin/migrations/default/dddd1", "/admin/"):
        page = page_of(client, url)
        assert r"Harmless\u202e" in page.text
        assert "\u202e" not in page.text
    source = page_of(client, "/admin/migrations/default/dddd1").select_one(".code")
    found = [mark.text for mark in source.select("mark")]
    assert found == ["U+202E", "U+202E", "U+2066"]
