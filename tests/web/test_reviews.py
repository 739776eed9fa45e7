"""Opening a review, deciding it, and applying it, in the browser's words."""

from __future__ import annotations

import threading

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import update

from console.services import reviews
from console.services.runner import Runner
from console.store.run import RunRow
from console.web import reviews as review_pages
from tests import world
from tests.web.samples import CREATE, PRICE


def _console(app):
    return app.extensions["console"]


def _work(app):
    """Execute what waits."""
    console = _console(app)
    workspace = console.settings.workspace
    Runner(console.store, console.targets, workspace, console.policy).work(
        threading.Event(), once=True
    )


def _digest(app, number):
    console = _console(app)
    return reviews.get_review(console.store, console.targets, number).plan.digest


@pytest.fixture
def author(lagging_app, sign_in):
    return sign_in(lagging_app, "author")


@pytest.fixture
def approver(lagging_app, sign_in):
    return sign_in(lagging_app, "approver")


@pytest.fixture
def opened(lagging_app, author):
    """The number of a review of the plan to the newest revision, not rehearsed yet."""
    response = author.post("/admin/reviews/new", data={"target": "default", "goal": "head"})
    return int(response.headers["Location"].rpartition("/")[2])


def test_the_plan_is_shown_before_the_review_is_opened(lagging_app, author, page_of):
    page = page_of(author, "/admin/reviews/new?target=default&goal=head")
    assert "1 step up" in page.text
    assert page.find("a", string="Add price to products")
    console = _console(lagging_app)
    assert not reviews.list_reviews(console.store)


def test_a_rehearsal_that_another_version_stored_is_asked_for_again(
    lagging_app, opened, author, approver, page_of
):
    _work(lagging_app)
    with _console(lagging_app).store.begin() as session:
        session.execute(update(RunRow).values(rehearsal={"verdict": "Nothing is lost."}))
    for client in (author, approver):
        page = page_of(client, f"/admin/reviews/{opened}")
        assert "it cannot be read. Rehearse again." in page.text
        assert page.find("form", action=f"/admin/reviews/{opened}/rehearse") is not None
    page_of(author, "/admin/runs/1")


def test_older_reviews_are_a_page_away(app, sign_in, page_of, monkeypatch):
    client = sign_in(app, "author")
    monkeypatch.setattr(review_pages, "PAGE", 2)
    for goal in ("base", "-1"):
        client.post("/admin/reviews/new", data={"target": "default", "goal": goal})
    client.post("/admin/reviews/1/close")
    client.post("/admin/reviews/new", data={"target": "default", "goal": "base"})
    page = page_of(client, "/admin/reviews/")
    assert [row.text for row in page.select(".rows__main .rows__meta")] == ["3", "2"]
    assert "All (3)" in page.text
    assert "Closed (1)" in page.text
    older = page_of(client, page.find("a", string="Older")["href"])
    assert [row.text for row in older.select(".rows__main .rows__meta")] == ["1"]
    assert not older.find("a", string="Older")
    assert older.find("a", string="Newest")["href"] == "/admin/reviews/"
    (closed,) = page_of(client, "/admin/reviews/?state=closed").select(".rows__main .rows__meta")
    assert closed.text == "1"


def test_without_a_goal_every_revision_and_base_can_be_chosen(author, page_of):
    page = page_of(author, "/admin/reviews/new")
    assert [option["value"] for option in page.select("#goal option")] == [PRICE, CREATE, "base"]


@pytest.mark.parametrize("goal", [CREATE, "nonsense", "%2B9"])
def test_a_goal_that_is_none_is_answered_in_words(author, page_of, goal):
    page = page_of(author, f"/admin/reviews/new?target=default&goal={goal}")
    assert page.select_one(".notice--warning").text.strip()
    assert page.select_one("#goal")


def test_a_way_back_is_announced_before_it_is_opened(app, sign_in, page_of):
    page = page_of(sign_in(app, "author"), "/admin/reviews/new?goal=base")
    assert "This goes back" in page.text
    assert "2 steps down" in page.text


def test_the_same_plan_is_not_put_before_people_twice(author, opened):
    response = author.post("/admin/reviews/new", data={"target": "default", "goal": PRICE})
    assert response.status_code == 400
    assert f"eview {opened}" in response.text


def test_a_viewer_may_not_open_a_review(lagging_app, sign_in):
    response = sign_in(lagging_app, "viewer").get("/admin/reviews/new")
    assert response.status_code == 403


def test_the_list_can_be_narrowed_to_a_state(author, opened, page_of):
    assert page_of(author, "/admin/reviews/?state=open").find("a", string="Add price to products")
    assert "No review is closed" in page_of(author, "/admin/reviews/?state=closed").text
    assert page_of(author, "/admin/reviews/?state=nonsense").find(class_="rows__title")


def test_a_comment_stands_in_the_discussion(author, opened, page_of):
    author.post(f"/admin/reviews/{opened}/comment", data={"text": "Is the table large?"})
    page = page_of(author, f"/admin/reviews/{opened}")
    assert page.select_one(".comment__text").text == "Is the table large?"


def test_an_empty_comment_is_answered_at_its_field(author, opened):
    response = author.post(f"/admin/reviews/{opened}/comment", data={"text": ""})
    assert response.status_code == 400
    assert "Write something first." in response.text


def test_nobody_decides_on_another_plan_than_the_one_they_saw(
    lagging_app, approver, opened, page_of
):
    _work(lagging_app)
    approver.post(f"/admin/reviews/{opened}/approve", data={"digest": "an earlier one"})
    page = page_of(approver, f"/admin/reviews/{opened}")
    assert "The plan changed while you were reading it" in page.text
    assert "Nobody has voted yet" in page.text


def test_an_author_who_forges_the_button_is_refused(lagging_app, author, opened, page_of):
    _work(lagging_app)
    data = {"digest": _digest(lagging_app, opened)}
    response = author.post(f"/admin/reviews/{opened}/approve", data=data)
    assert response.status_code == 403
    assert "Nobody has voted yet" in page_of(author, f"/admin/reviews/{opened}").text


def test_refusing_needs_a_reason(lagging_app, approver, opened):
    data = {"digest": _digest(lagging_app, opened), "reason": " "}
    response = approver.post(f"/admin/reviews/{opened}/refuse", data=data)
    assert response.status_code == 400
    assert 'href="#reason"' in response.text


def test_a_review_can_be_closed_by_its_author(author, opened, page_of):
    author.post(f"/admin/reviews/{opened}/close")
    assert "Nothing of it was applied" in page_of(author, f"/admin/reviews/{opened}").text


def test_from_the_review_to_the_applied_plan(lagging_app, author, approver, opened, page_of):
    _work(lagging_app)
    page = page_of(author, f"/admin/reviews/{opened}")
    assert "products: 3 rows before, 3 after" in page.text
    url = f"/admin/reviews/{opened}"
    approver.post(f"{url}/approve", data={"digest": _digest(lagging_app, opened)})
    response = approver.post(f"{url}/apply")
    assert response.status_code == 303
    assert "/admin/runs/" in response.headers["Location"]
    _work(lagging_app)
    assert "The plan is applied" in page_of(approver, response.headers["Location"]).text
    assert "This plan is applied" in page_of(author, url).text
    assert "Up to date" in page_of(author, "/admin/").text
    assert "applied review" in page_of(author, "/admin/audit?action=apply.").text


def test_a_plan_that_loses_data_asks_once_more_and_says_it_in_numbers(app, sign_in, page_of):
    console, people = _console(app), world.world_of(_console(app).store)
    review = reviews.open_review(
        console.store, console.targets, people.author, target="default", goal="base"
    )
    _work(app)
    approver, url = sign_in(app, "approver"), f"/admin/reviews/{review.id}"
    data = {"digest": review.plan.digest, "reason": "A test of the way back."}
    assert approver.post(f"{url}/approve", data=data).status_code == 303
    asked = approver.post(f"{url}/apply")
    assert asked.status_code == 200
    assert "This is lost for good" in asked.text
    assert "3 rows" in asked.text
    assert reviews.get_review(console.store, console.targets, review.id).apply_run is None
    done = approver.post(f"{url}/apply", data={"confirmed": review.plan.digest})
    assert done.status_code == 303


def test_what_may_not_be_applied_says_why(lagging_app, approver, opened, page_of):
    response = approver.post(f"/admin/reviews/{opened}/apply")
    assert response.status_code == 303
    page = page_of(approver, f"/admin/reviews/{opened}")
    assert "wait for its result" in page.select_one(".notice--danger").text


def test_a_finding_is_accepted_where_it_stands_and_taken_back(
    lagging_app, author, sign_in, page_of
):
    author.post("/admin/reviews/new", data={"target": "default", "goal": "base"})
    _work(lagging_app)
    approver, digest = sign_in(lagging_app, "approver"), _digest(lagging_app, 1)
    form = page_of(approver, "/admin/reviews/1").select_one(".hazard__accept form")
    name = form.select_one('[name="finding"]')["value"]
    data = {"digest": digest, "finding": name, "reason": "  "}
    response = approver.post("/admin/reviews/1/accept", data=data)
    assert response.status_code == 400
    (opened,) = BeautifulSoup(response.data, "html.parser").select(".hazard__accept[open]")
    assert opened.select_one('[name="finding"]')["value"] == name
    assert "Say why this may stay as it is." in opened.text
    answer = approver.post("/admin/reviews/1/accept", data={**data, "reason": "We begin again."})
    assert answer.location.endswith("/admin/reviews/1#hazards")
    page = page_of(author, "/admin/reviews/1")
    assert "Accepted by Paul Approver: We begin again." in page.text
    assert not page.select(".acceptance form")
    again = page_of(approver, "/admin/reviews/1").select_one(".acceptance form")["action"]
    assert approver.post(again).status_code == 303
    assert "not accepted any more" in page_of(approver, "/admin/reviews/1").text
