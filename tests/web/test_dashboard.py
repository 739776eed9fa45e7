"""Where everything stands."""

from __future__ import annotations

from console.services import reviews
from console.store.run import RunRow
from tests import world


def _page(app, role, sign_in, page_of):
    return page_of(sign_in(app, role), "/admin/").find("main")


def test_the_dashboard_says_what_is_pending_and_links_to_it(lagging_app, sign_in, page_of):
    page = _page(lagging_app, "author", sign_in, page_of)
    assert "1 revision is pending" in page.text
    assert page.find("a", string="Add price to products")
    assert page.find("a", string="Review the plan")["href"].endswith("goal=9e2d05c8a314")


def test_a_database_that_is_up_to_date_says_so(app, sign_in, page_of):
    assert "Up to date" in _page(app, "author", sign_in, page_of).text


def test_a_missing_runner_is_told_with_the_command_that_starts_it(app, sign_in, page_of):
    page = _page(app, "author", sign_in, page_of)
    assert "The worker is not running" in page.text
    assert "python manage.py worker" in page.text


def test_who_may_not_open_a_review_is_not_invited_to(lagging_app, sign_in, page_of):
    page = _page(lagging_app, "viewer", sign_in, page_of)
    assert not page.find("a", string="Review the plan")


def test_a_review_waits_for_the_approver_and_not_for_its_author(lagging_app, sign_in, page_of):
    console = lagging_app.extensions["console"]
    people = world.world_of(console.store)
    reviews.open_review(
        console.store, console.targets, people.author, target="default", goal="head"
    )
    for role, waiting in (("approver", True), ("author", False)):
        section = _page(lagging_app, role, sign_in, page_of).find(
            "section", attrs={"aria-labelledby": "waiting"}
        )
        assert bool(section.select("a.rows__title")) is waiting


def test_a_review_whose_rehearsal_failed_waits_for_its_author(lagging_app, sign_in, page_of):
    console = lagging_app.extensions["console"]
    people = world.world_of(console.store)
    reviews.open_review(
        console.store, console.targets, people.author, target="default", goal="head"
    )
    with console.store.begin() as session:
        session.get_one(RunRow, 1).state = "failed"
    section = _page(lagging_app, "author", sign_in, page_of).find(
        "section", attrs={"aria-labelledby": "waiting"}
    )
    assert section.select_one("a.rows__title").text.strip()


def test_the_dashboard_reads_no_managed_table(lagging_app, sign_in, page_of):
    with lagging_app.app_context():
        db = lagging_app.extensions["console"].db
        for table in ("posts", "products", "users"):
            db.session.execute(db.text(f"DROP TABLE {table}"))
        db.session.commit()
    assert _page(lagging_app, "author", sign_in, page_of)


def test_a_database_that_does_not_answer_is_no_reason_to_fail(app, sign_in, page_of):
    from dataclasses import replace

    console = app.extensions["console"]
    target = console.targets["default"]
    broken = replace(target, url="postgresql+nothing://localhost/none")
    console.__dict__["targets"] = {"default": broken}
    assert "did not answer" in _page(app, "author", sign_in, page_of).text
