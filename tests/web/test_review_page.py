"""The page of a plan, drawn from values: every state that a review can be in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from flask import g

from console.rendering import render
from console.schema.compatibility import Reading, weigh
from console.schema.ledger import of_sample
from console.schema.locks import HeldLock
from console.schema.probe import Probe, Question
from console.schema.rehearsal import Again, WayBack
from console.schema.sample import Sample
from console.services.reviews import Acceptance, Policy
from console.services.runner import RunnerStatus
from console.web.forms import AcceptForm, CommentForm, ReasonForm
from console.web.review_page import page_of as review_page
from tests.web import samples

ALIVE, DEAD = RunnerStatus(True, samples.AT), RunnerStatus(False, None)


@pytest.fixture
def draw(app):
    """`draw(review, account)`: the page as that account sees it."""

    def draw(review, account=samples.APPROVER, runner=ALIVE):
        with app.test_request_context("/admin/reviews/1"):
            g.console_account = account
            targets = app.extensions["console"].targets
            text = render(
                "reviews/show.html",
                review=review,
                page=review_page(review, account, Policy(), targets),
                runner=runner,
                reason_form=ReasonForm(formdata=None),
                comment_form=CommentForm(formdata=None),
                accept_form=AcceptForm(formdata=None),
            )
        return BeautifulSoup(text, "html.parser")

    return draw


def _glance(page):
    return {
        fact.dt.text: fact.select_one(".glance__answer").text.strip()
        for fact in page.select(".glance__fact")
    }


def _next(page):
    return page.select_one(".glance__next").get_text(" ", strip=True)


def _button(page, text):
    return next(b for b in page.select(".decide .btn") if b.text.strip().startswith(text))


def test_one_glance_answers_the_questions(draw):
    page = draw(samples.review())
    assert _glance(page) == {
        "What changes": "products",
        "What could go wrong": "No hazard found",
        "Is the data safe": "Everything is kept",
        "How long": "84 ms",
        "Who agreed": "Nobody yet",
    }
    assert "Approve it or refuse it." in _next(page)


def test_the_sections_stand_in_the_order_of_what_matters(draw):
    headings = [h.get_text(" ", strip=True) for h in draw(samples.review()).select("main h2")]
    order = ["At a glance", "Rehearsal", "Hazards", "Schema", "Votes", "Step by step", "Decide"]
    assert [heading for heading in headings if heading in order] == order


def test_the_third_pass_and_the_locks_of_a_step_are_told_in_words(draw):
    rehearsal = samples.rehearsal()
    lock = HeldLock("ACCESS EXCLUSIVE", "products", "readers and writers wait", 2, 41.0)
    steps = tuple(replace(step, locks=(lock,)) for step in rehearsal.steps)
    way_back = WayBack(True, samples.KEPT, again=Again(False, "type size already exists"))
    page = draw(samples.review(rehearsal=replace(rehearsal, steps=steps, way_back=way_back)))
    text = page.get_text(" ", strip=True)
    assert "It works, and everything is as it was before." in text
    assert "the plan does not work a second time: type size already exists." in text
    assert (
        "ACCESS EXCLUSIVE on products from statement 2, held 41 ms: readers and writers wait"
        in page.select_one(".step").get_text(" ", strip=True)
    )


def test_a_rehearsal_of_a_sample_says_so_wherever_it_is_judged(draw):
    sample = Sample(24, 30 * 1024**3, 20 * 1024**3)
    ledger = of_sample(samples.KEPT, sample.words)
    rehearsal = replace(samples.rehearsal(), sample=sample, ledger=ledger)
    page = draw(samples.review(rehearsal=rehearsal))
    assert _glance(page)["Is the data safe"] == "Kept in a sample"
    assert (
        page.select_one(".verdict").get_text(strip=True).startswith("Judged by a sample of 24 rows")
    )
    assert "the database has 30 GB, more than the limit of 20 GB." in page.get_text(" ", strip=True)


def test_the_schema_difference_has_signs_and_words_for_its_colours(draw):
    changes = draw(samples.review()).select(".change")
    assert [c.select_one(".change__sign").text for c in changes] == ["+", "~"]
    assert "Added:" in changes[0].text
    assert changes[1].find("del").text == "before: VARCHAR(80)"
    assert changes[1].find("ins").text == "after: VARCHAR(120)"


def test_a_step_shows_its_script_beside_its_sql_between_its_neighbours(draw):
    step = draw(samples.review()).select_one(".step")
    assert "def upgrade" in step.select_one(".code").text
    assert "def upgrade" in step.select_one(".hll").text
    assert "ALTER TABLE products" in step.select_one(".statement").text
    assert step.select_one(".step__chain a").text == "Create products, users and posts"


def test_hazards_stand_worst_first_each_with_its_rewrite(draw):
    hazards = draw(samples.review(samples.DOWN)).select(".hazard")
    assert ["hazard--error" in h["class"] for h in hazards] == [True, False]
    assert "op.alter_column" in hazards[0].select_one(".hazard__rewrite").text
    assert not hazards[1].select(".hazard__rewrite")


def test_a_hazard_says_what_the_database_answered_and_when(draw):
    probe = Probe(Question("values", "products", ("price",)), 2, samples.AT)
    hazard = replace(samples.DANGER, evidence=(probe,))
    page = draw(samples.review(samples.DOWN, hazards=(hazard,)))
    evidence = page.select_one(".hazard .rows__meta:has(time)")
    assert "2 rows of products hold a value in price; asked at" in evidence.text
    assert evidence.select_one("time")["datetime"].startswith(f"{samples.AT:%Y-%m-%d}")


def test_an_accepted_hazard_stays_visible_and_needs_no_other_reason(draw):
    hazard = replace(samples.DANGER, accepted="the prices moved")
    review = samples.review(samples.DOWN, hazards=(hazard,))
    page = draw(review)
    assert not review.needs_reason
    assert "Accepted in the revision: the prices moved" in page.select_one(".hazard").text
    assert _glance(page)["What could go wrong"] == "1 accepted"


def _accepted(**changed):
    values = {
        "id": 5,
        "account": samples.APPROVER,
        "revision": samples.DANGER.revision,
        "code": samples.DANGER.code,
        "subject": samples.DANGER.subject,
        "danger": samples.DANGER.danger,
        "reason": "Nobody reads it.",
        "created_at": samples.AT,
    }
    return Acceptance(**{**values, **changed})


def test_a_finding_accepted_in_the_review_says_by_whom_and_stands_last(draw):
    page = draw(samples.review(samples.DOWN, acceptances=(_accepted(),)))
    warning, danger = page.select(".hazard")
    assert "Accepted by Paul Approver: Nobody reads it." in danger.get_text(" ", strip=True)
    assert danger.select_one("time")
    assert danger.select_one("form")["action"] == "/admin/reviews/1/acceptances/5/take-back"
    assert warning.select_one("form")["action"].startswith("/admin/reviews/1/accept#accept-")
    assert _glance(page)["What could go wrong"] == "1 warning"
    assert "(needed to refuse)" in page.select_one(".decide").text


def test_an_acceptance_of_what_is_not_found_any_more_is_told(draw):
    gone = replace(_accepted(), subject="products.gone")
    page = draw(samples.review(samples.DOWN, acceptances=(gone,)))
    section = page.select_one("[aria-labelledby=hazards]")
    assert "Not found any more: products.gone" in " ".join(section.text.split())
    assert "Not found any more" not in draw(samples.review(samples.DOWN)).text


def test_an_acceptance_of_a_finding_that_reads_otherwise_by_now_says_so(draw):
    page = draw(
        samples.review(samples.DOWN, acceptances=(_accepted(danger="1 value is deleted."),))
    )
    assert "At that time the finding said: 1 value is deleted." in page.select(".hazard")[1].text


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"is_void": True}, "in an earlier state of the files"), ({"is_withdrawn": True}, "may not")],
)
def test_an_acceptance_that_counts_no_more_leaves_the_finding_open(draw, changed, words):
    review = samples.review(samples.DOWN, acceptances=(_accepted(**changed),))
    page = draw(review)
    assert review.needs_reason
    assert words in page.select_one(".acceptance--void").text
    assert _glance(page)["What could go wrong"] == "1 danger"


def test_who_may_not_accept_findings_is_told_why_and_sees_no_form(draw):
    page = draw(samples.review(samples.DOWN), samples.AUTHOR)
    assert "You opened this review" in page.select_one("#hazards").find_parent("section").text
    assert not page.select(".hazard form")


def test_the_decision_names_the_errors_that_a_reason_would_accept(draw):
    assert "1 error is not accepted yet (column-dropped)" in draw(
        samples.review(samples.DOWN)
    ).select_one("#reason-help").get_text(" ", strip=True).replace("( ", "(").replace(" )", ")")


def test_a_way_back_says_in_numbers_what_is_lost_before_anybody_approves(draw):
    page = draw(samples.review(samples.DOWN))
    assert _glance(page)["Is the data safe"] == "Data will be lost"
    assert "2 values of products.price" in page.select_one(".glance").text
    assert "2 values of products.price" in page.select_one("[aria-labelledby=rehearsal]").text


def test_the_author_is_told_why_somebody_else_has_to_approve(draw):
    button = _button(draw(samples.review(), samples.AUTHOR), "Approve")
    assert button["aria-disabled"] == "true"
    reason = button.find_next(id=button["aria-describedby"]).text
    assert reason == "You opened this review: somebody else has to approve it."


def test_the_viewer_is_told_which_role_may(draw):
    page = draw(samples.review(), samples.VIEWER)
    assert "You need the role approver or administrator" in page.select_one(".decide").text
    assert not page.select(".decide form")


def test_an_approved_plan_can_be_applied_at_once_if_nothing_is_lost(draw):
    page = draw(samples.review(state="approved", approvals=(samples.vote(),)))
    assert "It can be applied." in _next(page)
    assert _button(page, "Apply").name == "button"
    assert _button(page, "Apply").get("aria-disabled") is None
    assert _glance(page)["Who agreed"] == "Paul Approver"


def test_an_approved_plan_that_loses_data_leads_to_a_page_that_asks_once_more(draw):
    votes = (replace(samples.vote(), digest=samples.DOWN.digest),)
    accepted = (_accepted(),)
    review = samples.review(samples.DOWN, state="approved", approvals=votes, acceptances=accepted)
    page = draw(review)
    assert _button(page, "Apply").name == "a"
    assert _button(page, "Apply")["href"] == "/admin/reviews/1/apply"


def test_a_changed_file_voids_the_approval_and_is_named(draw):
    review = samples.review(
        approvals=(samples.vote(is_void=True),),
        changes=("migrations/versions/price.py changed",),
    )
    page = draw(review, samples.AUTHOR)
    assert "migrations/versions/price.py changed" in page.select_one(".notice--danger").text
    assert "Void" in page.select_one(".vote").text
    assert _glance(page)["Is the data safe"] == "Not known any more"
    assert _glance(page)["Who agreed"] == "Nobody any more"
    assert "Renew the review" in _next(page)
    assert _button(page, "Apply")["aria-disabled"] == "true"


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_rehearsal_under_way_is_followed(draw, state):
    review = samples.review(rehearsal=None, rehearsal_run=samples.run(state=state))
    page = draw(review)
    region = page.select_one("[data-run-events]")
    assert region["data-run-events"] == "/admin/runs/7/events?after=0"
    assert region["data-run-state"] == state
    assert page.head.noscript.meta["http-equiv"] == "refresh"
    assert _next(page).startswith("What now? Wait")


def test_without_a_runner_the_page_says_how_to_start_it(draw):
    waiting = samples.review(rehearsal=None, rehearsal_run=samples.run(state="queued"))
    assert "python manage.py worker" in draw(waiting, runner=DEAD).text
    assert "python manage.py worker" not in draw(waiting, runner=ALIVE).text


def test_a_failed_rehearsal_says_what_happened_where_and_that_nothing_was_touched(draw):
    review = samples.review(rehearsal=samples.failed(), rehearsal_run=samples.run(state="failed"))
    page = draw(review, samples.AUTHOR)
    section = page.select_one("[aria-labelledby=rehearsal]").text
    assert "no such table: produkts" in section
    assert samples.PRICE in section
    assert "The database was not touched" in section
    assert _glance(page)["What could go wrong"] == "The rehearsal failed"
    assert "It takes a rehearsal" not in page.select_one(".glance").text
    assert "The rehearsal will show it" not in page.select_one(".glance").text


def test_a_long_message_begins_on_the_page_and_is_whole_behind_a_click(draw):
    message = "cannot insert " + "0123456789" * 100
    failed = replace(samples.failed(), error=message)
    page = draw(samples.review(rehearsal=failed, rehearsal_run=samples.run(state="failed")))
    section = page.select_one("[aria-labelledby=rehearsal]")
    assert len(section.select_one(".said").text) < 320
    assert section.select_one("details:not([open]) .said__text").text == message


@pytest.mark.parametrize("reader", [samples.AUTHOR, samples.APPROVER, samples.VIEWER])
def test_everybody_is_told_what_a_rehearsal_that_cannot_be_read_needs(draw, reader):
    run = replace(samples.run(), is_readable=False)
    page = draw(samples.review(rehearsal=None, rehearsal_run=run), reader)
    assert "cannot be read. Rehearse again." in _next(page)


def test_an_applied_plan_shows_what_really_happened_and_the_way_back(draw):
    run = samples.run("apply", outcome=samples.outcome())
    page = draw(samples.review(state="applied", approvals=(samples.vote(),), apply_run=run))
    assert _glance(page)["How long"] == "91 ms"
    assert "This plan is applied" in page.select_one(".notice--success").text
    assert page.select_one(".decide a").text == "Review the way back"
    assert not page.select(".decide form")


def test_a_refused_apply_says_why(draw):
    run = samples.run("apply", "refused", error="What was approved is not what would run now.")
    page = draw(samples.review(state="approved", approvals=(samples.vote(),), apply_run=run))
    assert "What was approved is not what would run now." in page.select_one(".notice").text


def test_a_plan_with_a_danger_asks_the_approver_for_a_reason(draw):
    form = draw(samples.review(samples.DOWN)).select_one(".decide form")
    assert "write why it is right to apply the plan all the same" in form.text
    assert form.find("input", attrs={"name": "digest"})["value"] == samples.DOWN.digest


def test_what_people_write_is_shown_as_they_wrote_it(draw):
    page = draw(samples.review(title="<b>Price</b>", description="<script>alert(1)</script>"))
    assert page.h1.text == "<b>Price</b>"
    assert "<script>alert(1)</script>" in page.select_one(".review__description").text


def test_a_file_that_is_gone_leaves_the_page_standing(draw):
    step = replace(samples.UP.steps[0], revision="gone")
    review = samples.review(replace(samples.UP, steps=(step,)), plan_error="A file is missing.")
    page = draw(review)
    assert "The file cannot be read any more" in page.text
    assert "A file is missing." in page.select_one(".notice--danger").text


def test_a_plan_that_is_no_more_is_told_to_everybody_in_one_sentence(draw):
    page = draw(samples.review(plan_error="It is gone. Close the review."), samples.AUTHOR)
    assert "Every approval is void" in page.select_one(".notice--danger").text
    assert "It is gone. Close the review." in _next(page)
    assert _glance(page)["How long"] == "Not known any more"
    assert "The files changed" not in page.select_one(".glance").text


def test_a_database_that_cannot_be_read_now_does_not_void_what_people_said(draw):
    page = draw(samples.review(plan_error="It cannot be read now.", is_certain=False))
    notice = page.select_one(".notice--danger").text
    assert "The plan cannot be made now" in notice
    assert "the approvals stand" in notice
    assert _glance(page)["How long"] == "Not known now"


def test_the_rehearsal_says_whether_to_migrate_or_to_deploy_first(draw):
    readings = [Reading("Product", "no such column: products.price")], [Reading("Product")]
    review = samples.review()
    rehearsal = replace(review.rehearsal, compatibility=weigh(*readings))
    page = draw(replace(review, rehearsal=rehearsal))
    assert "Which goes first? Migrate first, then deploy" in page.get_text(" ", strip=True)


def test_a_long_plan_is_a_list_of_its_steps_with_the_notable_ones_open(draw):
    (step,) = samples.UP.steps
    steps = tuple(replace(step, revision=f"{number:012}") for number in range(8))
    hazard = replace(samples.DANGER, revision=steps[2].revision)
    short, long = (
        draw(samples.review(replace(samples.UP, steps=some), hazards=(hazard,)))
        for some in (steps[:6], steps)
    )
    assert [step.has_attr("open") for step in short.select("details.step")] == [True] * 6
    assert [step.has_attr("open") for step in long.select("details.step")] == [
        number == 2 for number in range(8)
    ]


def test_a_long_ledger_shows_first_what_is_not_as_it_was(draw):
    kept = samples.KEPT.entries[0]
    entries = tuple(replace(kept, table=f"t{number}") for number in range(13))
    entries = (*entries[:5], replace(entries[5], verdict="changed"), *entries[6:])
    for some, loud in ((entries, 1), (entries[:12], 12)):
        rehearsal = replace(samples.rehearsal(), ledger=replace(samples.KEPT, entries=some))
        page = draw(samples.review(rehearsal=rehearsal))
        quiet = page.select(".ledger__quiet .ledger tbody tr")
        assert (len(page.select(".ledger tbody tr")) - len(quiet), len(quiet)) == (
            loud,
            len(some) - loud,
        )
