"""Runs, and how one is followed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from console.schema.progress import Event
from console.services import reviews
from console.services.event_writer import EventWriter
from console.services.presence import Presence
from console.services.queue import claim
from console.services.runs import RunEvent
from console.store.run import RunRow
from console.web import runs as page
from tests import world
from tests.web import samples


@pytest.fixture
def waiting(app):
    """The number of a rehearsal that waits for the runner."""
    console = app.extensions["console"]
    review = reviews.open_review(
        console.store,
        console.targets,
        world.world_of(console.store).author,
        target="default",
        goal="base",
    )
    return review.rehearsal_run.id


def test_a_waiting_run_says_that_the_runner_is_missing(app, sign_in, page_of, waiting):
    shown = page_of(sign_in(app, "viewer"), f"/admin/runs/{waiting}")
    assert "python manage.py worker" in shown.text
    assert shown.select_one("[data-run-events]")
    assert shown.head.noscript.meta["content"] == "3"


def _begin(app, number):
    """Take the run, as a worker that is about to execute it."""
    with Presence(app.extensions["console"].store, "worker") as presence:
        assert claim(app.extensions["console"].store, presence.id, number) == number


def test_a_run_that_waits_is_cancelled_after_a_page_that_asks(app, sign_in, page_of, waiting):
    author = sign_in(app, "author")
    link = page_of(author, f"/admin/runs/{waiting}").select_one('a[href$="/cancel"]')
    asked = page_of(author, link["href"])
    assert "It has not begun" in asked.text
    assert author.post(link["href"]).location == f"/admin/runs/{waiting}"
    page = page_of(author, f"/admin/runs/{waiting}")
    assert "The run is cancelled." in page.text
    assert "It had not begun. Nothing was changed." in page.text
    assert author.get(link["href"]).status_code == 303


def test_a_run_that_has_begun_is_being_cancelled_until_it_has_ended(app, sign_in, page_of, waiting):
    _begin(app, waiting)
    author, url = sign_in(app, "author"), f"/admin/runs/{waiting}"
    assert "Only a clone is touched" in page_of(author, f"{url}/cancel").text
    author.post(f"{url}/cancel")
    page = page_of(author, url)
    assert "is being cancelled" in page.select_one("#live-title").text
    assert page.select_one("[data-run-state]")["data-run-state"] == "cancelling"
    assert "Ada Author has cancelled it; it is about to end." in page.text
    assert not page.select('a[href$="/cancel"]')


def test_who_may_not_ask_for_an_apply_cannot_cancel_it(app, sign_in, page_of, waiting):
    console = app.extensions["console"]
    with console.store.begin() as session:
        session.get_one(RunRow, waiting).kind = "apply"
    for role, status in (("author", 403), ("viewer", 403), ("operator", 200)):
        assert sign_in(app, role).get(f"/admin/runs/{waiting}/cancel").status_code == status
    asked = page_of(sign_in(app, "operator"), f"/admin/runs/{waiting}/cancel")
    assert "It has not begun" in asked.text
    _begin(app, waiting)
    asked = page_of(sign_in(app, "operator"), f"/admin/runs/{waiting}/cancel")
    assert "Everything of it is taken back" in asked.text
    assert "No statement of it has been heard of yet." in asked.text


def test_a_long_run_shows_its_last_lines_and_leads_to_the_earlier_ones(
    app, sign_in, page_of, waiting, monkeypatch
):
    monkeypatch.setattr(page, "LINES", 3)
    store = app.extensions["console"].store
    with EventWriter(store, waiting) as tell:
        for number in range(6):
            tell(Event("check", f"Line {number}"))
    client = sign_in(app, "author")
    client.post(f"/admin/runs/{waiting}/cancel")
    shown = page_of(client, f"/admin/runs/{waiting}")
    assert "Its progress, 3 lines, the last ones" in shown.select_one("summary").text
    assert [line.span.text for line in shown.select(".progress-log li")][:2] == ["Line 4", "Line 5"]
    earlier = page_of(client, shown.find("a", string="5 earlier lines")["href"])
    assert [line.span.text for line in earlier.select(".progress-log li")] == [
        f"Line {number}" for number in (1, 2, 3)
    ]


def test_the_list_shows_every_run_with_its_state(app, sign_in, page_of, waiting):
    row = page_of(sign_in(app, "viewer"), "/admin/runs/").select_one("tbody tr")
    assert "Waiting" in row.text
    assert row.th.a["href"] == f"/admin/runs/{waiting}"


def test_a_run_says_how_much_more_was_lost_than_in_the_rehearsal(
    app, sign_in, page_of, waiting, monkeypatch
):
    more = "products.price: 1,050 values lost, 50 more than in the rehearsal"
    done = samples.outcome()
    grown = replace(done, ledger=replace(done.ledger, more=(more,)))
    shown = {number: samples.run("apply", outcome=grown if number else done) for number in (0, 1)}
    monkeypatch.setattr(page.runs, "get_run", lambda store, number: shown[number])
    client = sign_in(app, "viewer")
    assert more in page_of(client, "/admin/runs/1").text
    assert "More than in the rehearsal" not in page_of(client, "/admin/runs/0").text


def test_older_runs_are_a_page_away(app, sign_in, page_of, waiting, monkeypatch):
    author = sign_in(app, "author")
    author.post("/admin/reviews/new", data={"target": "default", "goal": "-1"})
    monkeypatch.setattr(page, "PAGE", 1)
    newest = page_of(author, "/admin/runs/?target=default")
    assert [row.th.a.text for row in newest.select("tbody tr")] == [f"Rehearsal {waiting + 1}"]
    older = page_of(author, newest.find("a", string="Older")["href"])
    assert [row.th.a.text for row in older.select("tbody tr")] == [f"Rehearsal {waiting}"]
    assert older.find("a", string="Newest")["href"] == "/admin/runs/?target=default"


def test_an_unknown_runs_events_are_not_there(app, sign_in):
    assert sign_in(app, "viewer").get("/admin/runs/999/events").status_code == 404


def test_the_stream_is_one_that_browsers_and_proxies_do_not_keep(
    app, sign_in, waiting, monkeypatch
):
    monkeypatch.setattr(page, "LIFETIME_SECONDS", 0)
    response = sign_in(app, "viewer").get(f"/admin/runs/{waiting}/events")
    assert response.mimetype == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Accel-Buffering"] == "no"


def _events(*texts):
    return tuple(
        RunEvent(number, samples.AT, "statement", None, text, None, None)
        for number, text in enumerate(texts, 1)
    )


def _parse(stream):
    messages = []
    for block in "".join(stream).split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if "event" in fields:
            messages.append((fields["event"], fields.get("id"), json.loads(fields["data"])))
    return messages


def test_the_stream_gives_each_event_its_number_and_ends_with_finished(monkeypatch):
    monkeypatch.setattr(page, "POLL_SECONDS", 0)
    states = iter(["running", "running", "succeeded"])
    events = _events("one", "two", "three")
    said = _parse(
        page._stream(
            lambda: replace(samples.run(), state=next(states)),
            lambda after: tuple(event for event in events if event.id > after)[:1],
            0,
        )
    )
    assert [(name, number) for name, number, _ in said] == [
        ("progress", "1"),
        ("state", None),
        ("progress", "2"),
        ("progress", "3"),
        ("state", None),
        ("finished", None),
    ]
    assert said[0][2]["text"] == "one"
    assert said[-1][2] == {"state": "succeeded"}


def test_a_browser_that_comes_back_is_told_only_what_it_missed():
    asked = []

    def read(after):
        asked.append(after)
        return ()

    said = _parse(page._stream(lambda: samples.run(), read, 41))
    assert asked == [41]
    assert [name for name, _, _ in said] == ["state", "finished"]


@pytest.mark.parametrize("given", ["-1", "x", "1" * 30, "٣"])
def test_a_nonsensical_last_event_is_taken_as_none(app, sign_in, waiting, monkeypatch, given):
    seen = []
    monkeypatch.setattr(page, "_stream", lambda run, events, after: seen.append(after) or iter(()))
    client = sign_in(app, "viewer")
    client.get(f"/admin/runs/{waiting}/events", query_string={"after": given})
    assert seen == [0]


def test_the_header_of_a_reconnecting_browser_counts_more_than_the_address(
    app, sign_in, waiting, monkeypatch
):
    seen = []
    monkeypatch.setattr(page, "_stream", lambda run, events, after: seen.append(after) or iter(()))
    url = f"/admin/runs/{waiting}/events?after=3"
    sign_in(app, "viewer").get(url, headers={"Last-Event-ID": "7"})
    assert seen == [7]


def test_the_stream_does_not_last_for_ever(monkeypatch):
    monkeypatch.setattr(page, "LIFETIME_SECONDS", 0)
    running = samples.run(state="running")
    assert _parse(page._stream(lambda: running, lambda after: (), 0)) == []
