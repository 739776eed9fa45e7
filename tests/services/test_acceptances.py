"""A single finding is accepted by name and with a reason, for one plan, and stays visible."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import select

from console.hazards.hazard import Hazard
from console.services import reviews
from console.services.acceptance_row import MEANWHILE
from console.services.acceptances import accepted_of, name_of
from console.services.account import Account
from console.services.accounts import create_account, update_account
from console.services.audit import list_entries
from console.services.decisions import may_apply
from console.services.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from console.services.execution import Workshop, execute
from console.services.presence import Presence
from console.services.queue import claim
from console.services.review import Review
from console.services.reviews import Policy, get_review
from console.services.runs import get_run
from console.store.acceptance import AcceptanceRow
from console.store.store import Store
from console.store.upgrade import configuration, is_current, upgrade_store
from tests.services.conftest import Managed, Open, Rehearse, end_rehearsal
from tests.world import NAMES, PASSWORD, World, world_of

DROP = Hazard("drop-column", "error", "bbb2", "products.price", "2 values are deleted.", "…")
CUT = Hazard("narrowing-type", "error", "bbb2", "products.name", "1 value is cut.", "…")
NULLS = Hazard("drop-not-null", "warning", "bbb2", "products.name", "Readers meet NULL.", "…")

Accept = Callable[..., Review]


@pytest.fixture
def accept(store: Store, managed: Managed, world: World) -> Accept:
    """`accept(review, hazard, actor=None, reason=...)`: by the approver, of the plan as it is shown."""

    def accept(
        review: Review, hazard: Hazard, actor: Account | None = None, reason: str = "Fine."
    ) -> Review:
        return reviews.accept_finding(
            store,
            managed.targets,
            actor or world.approver,
            review.id,
            finding=name_of(hazard),
            reason=reason,
            digest=review.plan.digest,
        )

    return accept


@pytest.fixture
def found(opened: Open, rehearse: Rehearse) -> Review:
    """A rehearsed review with two errors and a warning."""
    return rehearse(opened(), DROP, CUT, NULLS)


def test_errors_are_accepted_one_by_one_and_the_plan_needs_no_other_reason(
    found: Review, accept: Accept, store: Store, managed: Managed, world: World
) -> None:
    review = accept(found, DROP, reason=" Nobody reads it. ")
    assert review.unanswered == (CUT,)
    accepted = review.acceptance_of(DROP)
    assert accepted is not None
    assert (accepted.account.name, accepted.reason) == ("Paul Approver", "Nobody reads it.")
    with pytest.raises(Invalid, match=r"1 error is not accepted yet: narrowing-type"):
        reviews.approve(store, managed.targets, world.approver, review.id)
    review = accept(review, CUT, world.administrator)
    assert not review.needs_reason
    assert review.hazards == found.hazards
    review = reviews.approve(store, managed.targets, world.approver, review.id)
    assert review.state == "approved"
    assert list_entries(store, action="finding.")[-1].text == (
        f"Paul Approver accepted drop-column (products.price) in review {review.id}: Nobody reads it."
    )


def test_an_approval_with_a_reason_accepts_what_is_left_in_that_name(
    found: Review, accept: Accept, store: Store, managed: Managed, world: World
) -> None:
    accept(found, DROP, world.administrator, "Nobody reads it.")
    review = reviews.approve(
        store, managed.targets, world.approver, found.id, reason="The table is empty."
    )
    assert [(a.code, a.account.name, a.reason) for a in review.acceptances] == [
        ("drop-column", "Adam Administrator", "Nobody reads it."),
        ("narrowing-type", "Paul Approver", "The table is empty."),
    ]
    assert review.unanswered == ()


def test_a_warning_can_be_accepted_too(found: Review, accept: Accept) -> None:
    assert accept(found, NULLS).is_accepted(NULLS)


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 4001])
def test_a_reason_is_needed_and_not_endless(found: Review, accept: Accept, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        accept(found, DROP, reason=reason)
    assert caught.value.field == "reason"


def test_neither_the_author_nor_who_may_not_approve_accepts_anything(
    opened: Open, rehearse: Rehearse, accept: Accept, world: World
) -> None:
    review = rehearse(opened(world.administrator), DROP)
    with pytest.raises(Refused, match="You opened this review: somebody else has to accept"):
        accept(review, DROP, world.administrator)
    for actor in (world.viewer, world.author, world.operator):
        with pytest.raises(Forbidden):
            accept(review, DROP, actor)


def test_only_what_was_found_in_this_very_plan_is_accepted(
    found: Review, accept: Accept, store: Store, managed: Managed, world: World
) -> None:
    with pytest.raises(NotFound, match="no such finding"):
        accept(found, replace(DROP, subject="users.name"))
    with pytest.raises(Conflict, match="changed while you were reading"):
        reviews.accept_finding(
            store,
            managed.targets,
            world.approver,
            found.id,
            finding=name_of(DROP),
            reason="Fine.",
            digest="of another plan",
        )


def test_what_the_file_accepts_is_not_accepted_again(
    opened: Open, rehearse: Rehearse, accept: Accept
) -> None:
    review = rehearse(opened(), replace(DROP, accepted="the prices moved"))
    with pytest.raises(Conflict, match="accepts this finding itself"):
        accept(review, DROP)


def test_a_changed_file_voids_it_and_a_renewed_review_begins_anew(
    found: Review,
    accept: Accept,
    rehearse: Rehearse,
    store: Store,
    managed: Managed,
    world: World,
) -> None:
    accept(found, DROP)
    managed.touch()
    review = get_review(store, managed.targets, found.id)
    assert [(a.is_void, a.counts) for a in review.acceptances] == [(True, False)]
    assert DROP in review.unanswered
    with pytest.raises(Refused, match=r"bbb2_\.py changed"):
        accept(review, CUT)
    review = rehearse(reviews.renew(store, managed.targets, world.author, found.id), DROP)
    assert review.acceptances == ()
    assert review.unanswered == (DROP,)


def test_another_rehearsal_of_the_same_plan_keeps_it(
    found: Review, accept: Accept, rehearse: Rehearse, store: Store, managed: Managed, world: World
) -> None:
    accept(found, DROP)
    reviews.request_rehearsal(store, managed.targets, world.author, found.id)
    more = replace(DROP, danger="5,000 values are deleted.")
    review = rehearse(get_review(store, managed.targets, found.id), more)
    accepted = review.acceptance_of(more)
    assert accepted is not None
    assert accepted.danger == "2 values are deleted."
    assert review.unanswered == ()


def test_it_counts_as_long_as_its_account_may_decide_and_another_may_take_its_place(
    found: Review, accept: Accept, store: Store, managed: Managed, world: World
) -> None:
    accept(found, DROP)
    update_account(store, world.administrator, world.approver.id, is_active=False)
    review = get_review(store, managed.targets, found.id)
    assert [a.is_withdrawn for a in review.acceptances] == [True]
    assert DROP in review.unanswered
    review = accept(review, DROP, world.administrator)
    assert DROP not in review.unanswered


def test_it_is_taken_back_by_whoever_accepted_it_or_an_administrator(
    found: Review, accept: Accept, store: Store, managed: Managed, world: World
) -> None:
    second = create_account(
        store, email="second@example.com", name="Sue", role="approver", password=PASSWORD
    )
    (accepted,) = accept(found, DROP).acceptances
    with pytest.raises(Refused, match="Only Paul Approver, who accepted it"):
        reviews.take_back(store, managed.targets, second, found.id, accepted.id)
    review = reviews.take_back(store, managed.targets, world.approver, found.id, accepted.id)
    assert review.acceptances == ()
    with pytest.raises(NotFound):
        reviews.take_back(store, managed.targets, world.approver, found.id, accepted.id)
    (again,) = accept(found, DROP, second).acceptances
    reviews.take_back(store, managed.targets, world.administrator, found.id, again.id)
    assert list_entries(store)[0].action == "finding.taken-back"


def test_taken_back_after_the_approval_it_keeps_the_plan_from_being_applied(
    opened: Open,
    rehearse: Rehearse,
    accept: Accept,
    store: Store,
    managed: Managed,
    world: World,
) -> None:
    review = rehearse(opened(), DROP)
    (accepted,) = accept(review, DROP).acceptances
    assert may_apply(
        reviews.approve(store, managed.targets, world.approver, review.id), world.operator
    )
    review = reviews.take_back(store, managed.targets, world.approver, review.id, accepted.id)
    assert may_apply(review, world.operator).reason == (
        "1 error is not accepted yet: drop-column (products.price)."
    )
    with pytest.raises(Refused, match="not accepted yet"):
        reviews.request_apply(store, managed.targets, world.operator, review.id)


def test_a_run_that_waits_is_refused_when_nobody_accepts_its_errors_any_more(
    opened: Open,
    rehearse: Rehearse,
    accept: Accept,
    store: Store,
    managed: Managed,
    world: World,
    presence: Presence,
    tmp_path: Path,
) -> None:
    review = rehearse(opened(), DROP)
    accept(review, DROP, world.administrator)
    reviews.approve(store, managed.targets, world.approver, review.id)
    run = reviews.request_apply(store, managed.targets, world.operator, review.id)
    spare = {"email": "spare@example.com", "name": "Sam", "role": "administrator"}
    create_account(store, password=PASSWORD, **spare)
    update_account(store, None, world.administrator.id, is_active=False)
    claim(store, presence.id, run.id)
    execute(Workshop(store, managed.targets, tmp_path, Policy()), run.id, presence.id)
    ended = get_run(store, run.id)
    assert (ended.state, ended.error) == (
        "refused",
        "1 error is not accepted yet: drop-column (products.price).",
    )


def test_nothing_is_taken_back_once_the_plan_is_being_applied(
    opened: Open, rehearse: Rehearse, accept: Accept, store: Store, managed: Managed, world: World
) -> None:
    review = rehearse(opened(), DROP)
    (accepted,) = accept(review, DROP).acceptances
    reviews.approve(store, managed.targets, world.approver, review.id)
    reviews.request_apply(store, managed.targets, world.operator, review.id)
    with pytest.raises(Refused, match="being applied"):
        reviews.take_back(store, managed.targets, world.approver, review.id, accepted.id)


def test_the_command_line_finds_what_was_accepted_of_a_plan(
    found: Review, accept: Accept, store: Store, tmp_path: Path
) -> None:
    accept(found, DROP)
    review, accepted = accepted_of(store, found.plan.digest)
    assert (review, [a.code for a in accepted]) == (found.id, ["drop-column"])
    assert accepted_of(store, "another") == (None, ())
    nowhere = Store(f"sqlite:///{tmp_path / 'nowhere' / 'console.db'}")
    assert accepted_of(nowhere, found.plan.digest) == (None, ())
    assert not (tmp_path / "nowhere").exists()


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "mysql"])
def shared(request: pytest.FixtureRequest, store: Store, tmp_path: Path) -> Iterator[Store]:
    """The store, on each database that it may live on."""
    if request.param == "sqlite":
        yield store
        return
    other = Store(request.getfixturevalue(request.param))
    upgrade_store(other)
    for role, name in NAMES.items():
        email = f"{role}@example.com"
        create_account(other, email=email, name=name, role=role, password=PASSWORD)
    yield other
    other.close()


def test_of_two_people_who_accept_at_once_one_is_told_who_was_quicker(
    shared: Store, managed: Managed, tmp_path: Path
) -> None:
    world = world_of(shared)
    review = reviews.open_review(
        shared, managed.targets, world.author, target="default", goal="head"
    )
    with Presence(shared, "worker") as presence:
        end_rehearsal(shared, managed, presence, review, DROP)
    barrier, answers = threading.Barrier(2), []

    def accept(actor: Account) -> None:
        barrier.wait()
        try:
            reviews.accept_finding(
                shared, managed.targets, actor, review.id, finding=name_of(DROP), reason=actor.name
            )
            answers.append("accepted")
        except Conflict as error:
            answers.append(str(error))

    people = (world.approver, world.administrator)
    threads = [threading.Thread(target=accept, args=(each,)) for each in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.remove("accepted")
    (told,) = answers
    assert told == MEANWHILE or "has accepted this finding already" in told
    with shared.read() as session:
        rows = session.scalars(select(AcceptanceRow)).all()
    assert len(rows) == 1


def test_the_store_learns_it_from_an_older_console(
    store: Store, tmp_path: Path, store_template: Path
) -> None:
    shutil.copyfile(store_template, tmp_path / "older.db")
    older = Store(f"sqlite:///{tmp_path / 'older.db'}")
    config = configuration()
    with older.begin() as session:
        config.attributes["connection"] = session.connection()
        command.downgrade(config, "c0a1f3d27e60")
    assert not is_current(older)
    upgrade_store(older)
    assert is_current(older)
    older.close()
