"""The record of who did what."""

from __future__ import annotations

from console.services import audit


def _write(app, count, **more):
    store = app.extensions["console"].store
    for number in range(count):
        values = {
            "actor": "Console",
            "action": "test.done",
            "subject": "x",
            "text": f"No. {number}",
        }
        audit.write(store, **{**values, **more})


def _texts(page):
    return [cell.get_text(" ", strip=True) for cell in page.select(".audit__what")]


def test_the_newest_entries_come_first_and_older_ones_are_a_link_away(app, sign_in, page_of):
    client = sign_in(app, "viewer")
    _write(app, 60)
    page = page_of(client, "/admin/audit")
    assert len(_texts(page)) == 50
    assert _texts(page)[0] == "No. 59"
    older = page_of(client, page.find("a", string="Older")["href"])
    assert _texts(older)[0] == "No. 9"
    assert older.find("a", string="Newest")


def test_entries_can_be_narrowed_by_kind_and_by_person(app, sign_in, page_of):
    client = sign_in(app, "viewer")
    _write(app, 1, actor="Nobody", text="by nobody")
    assert _texts(page_of(client, "/admin/audit?actor=Nobody")) == ["by nobody"]
    assert _texts(page_of(client, "/admin/audit?action=test.")) == ["by nobody"]
    assert "No entry fits." in page_of(client, "/admin/audit?action=target.").text


def test_what_is_recorded_is_shown_as_text(app, sign_in, page_of):
    _write(app, 1, text="<img src=x onerror=alert(1)>")
    page = page_of(sign_in(app, "viewer"), "/admin/audit?action=test.done")
    assert _texts(page) == ["<img src=x onerror=alert(1)>"]


def test_a_nonsensical_page_is_the_first_one(app, sign_in, page_of):
    assert page_of(sign_in(app, "viewer"), "/admin/audit?before=-3&review=x")
