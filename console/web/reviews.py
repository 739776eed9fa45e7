"""reviews: a plan put before people: opened, discussed, approved or refused, rehearsed, applied."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, request, url_for
from sqlalchemy.exc import DBAPIError
from werkzeug.wrappers import Response

from console.rendering import render
from console.schema.errors import NothingToDo, SchemaError
from console.schema.plan import make_plan
from console.services import reviews, runs
from console.services.errors import Conflict, Invalid, Refused
from console.services.runner import runner_status
from console.services.targets import find_target
from console.web.access import current_console, require_permission
from console.web.arguments import whole_number
from console.web.forms import AcceptForm, CommentForm, Form, ReasonForm, ReviewForm
from console.web.places import look
from console.web.review_page import active_run_of, page_of, would_lose

blueprint = Blueprint("console_reviews", __name__)

LONGEST_GOAL = 250  # characters; what is longer names no revision
PAGE = 50
STATES = ("open", "approved", "refused", "applying", "applied", "closed")


@blueprint.get("/reviews/")
@require_permission("view")
def index() -> Any:
    """The newest reviews first, `?state=` narrowing the list, `?before=` older ones."""
    store, before = current_console().store, whole_number("before")
    chosen = request.args.get("state")
    chosen = chosen if chosen in STATES else None
    counted = reviews.count_reviews(store)
    found = reviews.list_reviews(
        store, states=(chosen,) if chosen else (), before_id=before, limit=PAGE + 1
    )
    return render(
        "reviews/index.html",
        reviews=found[:PAGE],
        has_older=len(found) > PAGE,
        before=before,
        counts={state: counted.get(state, 0) for state in STATES},
        total=sum(counted.values()),
        chosen=chosen,
    )


@blueprint.route("/reviews/new", methods=["GET", "POST"])
@require_permission("open-review")
def new() -> Any:
    """Show the plan to `?goal=` and open a review of it; without a goal, choose one."""
    console = current_console()
    names = list(console.targets)
    target = find_target(console.targets, request.values.get("target") or names[0])
    goal = request.values.get("goal", "").strip()[:LONGEST_GOAL]
    form, place = ReviewForm(), look(target)
    plan = error = None
    if goal:
        try:
            plan = make_plan(target, goal, place.history)
        except NothingToDo as nothing:
            error = str(nothing)
        except SchemaError as wrong:
            error = str(wrong)
        except (DBAPIError, OSError):
            error = place.error or f"The database of '{target.name}' did not answer. Try again."
    if plan and form.validate_on_submit():
        try:
            review = reviews.open_review(
                console.store,
                console.targets,
                g.console_account,
                target=target.name,
                goal=goal,
                title=form.title.data or "",
                description=form.description.data or "",
            )
        except (Conflict, Refused) as refusal:
            error = str(refusal)
        except Invalid as invalid:
            form.take(invalid)
        else:
            flash("The review is open, and its rehearsal has been asked for.", "success")
            return _to(review.id)
    page = render(
        "reviews/new.html", form=form, place=place, goal=goal, plan=plan, error=error, names=names
    )
    return page, 400 if form.errors or (error and request.method == "POST") else 200


@blueprint.get("/reviews/<console_number:review_id>")
@require_permission("view")
def show(review_id: int) -> Any:
    """The page of a plan: the heart of the console."""
    return _page(review_id)


def _page(
    review_id: int,
    *,
    reason: Form | None = None,
    comment: Form | None = None,
    accept: AcceptForm | None = None,
) -> Any:
    console = current_console()
    review = reviews.get_review(console.store, console.targets, review_id)
    active = active_run_of(review)
    events = runs.events_before(console.store, active.id)[0] if active else ()
    forms = (
        reason or ReasonForm(formdata=None),
        comment or CommentForm(formdata=None),
        accept or AcceptForm(formdata=None),
    )
    page = render(
        "reviews/show.html",
        review=review,
        page=page_of(review, g.console_account, console.policy, console.targets, events),
        runner=runner_status(console.store),
        reason_form=forms[0],
        comment_form=forms[1],
        accept_form=forms[2],
    )
    return page, 400 if any(form.errors for form in forms) else 200


@blueprint.post("/reviews/<console_number:review_id>/approve")
@require_permission("approve")
def approve(review_id: int) -> Any:
    """Vote for the plan as it is shown."""

    def vote(*arguments: Any, **options: Any) -> None:
        reviews.approve(*arguments, **options, policy=current_console().policy)

    return _vote(review_id, vote, "Your approval is recorded.")


@blueprint.post("/reviews/<console_number:review_id>/refuse")
@require_permission("approve")
def refuse(review_id: int) -> Any:
    """Vote against the plan, with a reason."""
    return _vote(review_id, reviews.refuse, "Your refusal is recorded.")


def _vote(review_id: int, vote: Any, done: str) -> Any:
    console, form = current_console(), ReasonForm()
    if form.validate_on_submit():
        try:
            vote(
                console.store,
                console.targets,
                g.console_account,
                review_id,
                reason=(form.reason.data or "").strip(),
                digest=request.form.get("digest", ""),
            )
        except Invalid as error:
            form.take(error)
        except (Refused, Conflict) as error:
            flash(str(error), "error")
            return _to(review_id)
        else:
            flash(done, "success")
            return _to(review_id)
    return _page(review_id, reason=form)


@blueprint.post("/reviews/<console_number:review_id>/accept")
@require_permission("approve")
def accept(review_id: int) -> Any:
    """Accept one finding of the plan as it is shown, with a reason."""
    console, form = current_console(), AcceptForm()
    if form.validate_on_submit():
        try:
            reviews.accept_finding(
                console.store,
                console.targets,
                g.console_account,
                review_id,
                finding=form.finding.data or "",
                reason=form.reason.data or "",
                digest=request.form.get("digest", ""),
            )
        except Invalid as error:
            form.take(error)
        except (Refused, Conflict) as error:
            flash(str(error), "error")
            return _to(review_id, "hazards")
        else:
            flash("The finding is accepted, and stays visible with your reason.", "success")
            return _to(review_id, "hazards")
    return _page(review_id, accept=form)


@blueprint.post(
    "/reviews/<console_number:review_id>/acceptances/<console_number:acceptance_id>/take-back"
)
@require_permission("approve")
def take_back(review_id: int, acceptance_id: int) -> Response:
    """Take back that a finding is accepted."""
    console = current_console()
    try:
        reviews.take_back(
            console.store, console.targets, g.console_account, review_id, acceptance_id
        )
    except (Conflict, Refused) as error:
        flash(str(error), "error")
    else:
        flash("The finding is not accepted any more.", "success")
    return _to(review_id, "hazards")


@blueprint.post("/reviews/<console_number:review_id>/comment")
@require_permission("comment")
def comment(review_id: int) -> Any:
    """Say something."""
    console, form = current_console(), CommentForm()
    if form.validate_on_submit():
        try:
            reviews.add_comment(
                console.store, console.targets, g.console_account, review_id, text=form.text.data
            )
        except Invalid as error:
            form.take(error)
        else:
            return _to(review_id, "discussion")
    return _page(review_id, comment=form)


@blueprint.post("/reviews/<console_number:review_id>/renew")
@require_permission("open-review")
def renew(review_id: int) -> Response:
    """Take the files as they are now: a new plan, without approvals, with a new rehearsal."""
    return _act(
        review_id,
        reviews.renew,
        "This is the plan as the files are now. Earlier approvals are void.",
    )


@blueprint.post("/reviews/<console_number:review_id>/rehearse")
@require_permission("rehearse")
def rehearse(review_id: int) -> Response:
    """Ask for another rehearsal of the same plan."""
    return _act(review_id, reviews.request_rehearsal, "A rehearsal has been asked for.")


@blueprint.post("/reviews/<console_number:review_id>/close")
@require_permission("open-review")
def close(review_id: int) -> Response:
    """Give the review up."""
    return _act(review_id, reviews.close, "The review is closed. Nothing was applied.")


@blueprint.route("/reviews/<console_number:review_id>/apply", methods=["GET", "POST"])
@require_permission("apply")
def apply(review_id: int) -> Any:
    """Run the plan for real. What loses data is confirmed first, on a page that says so in numbers."""
    console = current_console()
    review = reviews.get_review(console.store, console.targets, review_id)
    decision = reviews.may_apply(review, g.console_account, console.policy)
    if request.method == "GET" and not decision.allowed:
        flash(decision.reason, "error")
        return _to(review_id)
    confirmed = request.form.get("confirmed") == review.plan.digest
    is_asked_first = request.method == "GET" or (would_lose(review) and not confirmed)
    if decision.allowed and is_asked_first:
        return render("reviews/apply.html", review=review, runner=runner_status(console.store))
    try:
        run = reviews.request_apply(
            console.store,
            console.targets,
            g.console_account,
            review_id,
            policy=console.policy,
            digest=request.form.get("confirmed", review.plan.digest),
        )
    except (Conflict, Refused) as error:
        flash(str(error), "error")
        return _to(review_id)
    return redirect(url_for("console_runs.show", run_id=run.id), 303)


def _act(review_id: int, service: Any, done: str) -> Response:
    console = current_console()
    try:
        service(console.store, console.targets, g.console_account, review_id)
    except (Conflict, Refused) as error:
        flash(str(error), "error")
    else:
        flash(done, "success")
    return _to(review_id)


def _to(review_id: int, anchor: str | None = None) -> Response:
    return redirect(url_for("console_reviews.show", review_id=review_id, _anchor=anchor), 303)
