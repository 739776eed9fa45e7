"""approved: the command line applies what a review agreed to, and nothing else."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from console.schema.plan import make_plan
from console.services import approved as subject
from console.services.approved import apply_approved, find_approved
from console.services.decisions import Policy
from console.services.errors import Conflict, Refused
from console.services.review import Review
from console.services.reviews import get_review
from console.services.runner import Runner
from console.store.store import Store
from tests.services.conftest import Managed, Open

ONE = Policy()


def apply(store: Store, managed: Managed, review: Review, workspace: Path, **more: Any) -> Any:
    return apply_approved(
        store,
        managed.targets,
        review,
        actor_name="Command line",
        workspace=workspace,
        policy=ONE,
        **more,
    )


def test_the_review_of_the_very_plan_is_found(
    store: Store, managed: Managed, approved: Review
) -> None:
    found = find_approved(store, managed.targets, make_plan(managed.target, "head"), ONE)
    assert found is not None
    assert found.id == approved.id


def test_a_review_without_votes_is_none(store: Store, managed: Managed, opened: Open) -> None:
    opened()
    assert find_approved(store, managed.targets, make_plan(managed.target, "head"), ONE) is None


def test_too_few_votes_are_none(store: Store, managed: Managed, approved: Review) -> None:
    plan = make_plan(managed.target, "head")
    assert find_approved(store, managed.targets, plan, Policy(approvals_required=2)) is None


def test_votes_for_other_bytes_are_none(store: Store, managed: Managed, approved: Review) -> None:
    managed.touch()
    assert find_approved(store, managed.targets, make_plan(managed.target, "head"), ONE) is None


def test_it_is_applied_as_that_review(
    store: Store, managed: Managed, approved: Review, workspace: Path
) -> None:
    outcome = apply(store, managed, approved, workspace)
    assert outcome.heads == ("bbb2",)
    assert managed.execute("SELECT price FROM products") == [(None,), (None,)]
    assert get_review(store, managed.targets, approved.id).state == "applied"


def test_a_worker_that_is_quicker_is_followed_to_the_end(
    store: Store,
    managed: Managed,
    approved: Review,
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def too_late(*_: object, **__: object) -> None:
        Runner(store, managed.targets, workspace, ONE).work(threading.Event(), once=True)
        raise Conflict("It does not wait any more.")

    monkeypatch.setattr(subject, "run_now", too_late)
    heard: list[str] = []
    outcome = apply(store, managed, approved, workspace, progress=lambda e: heard.append(e.kind))
    assert outcome.heads == ("bbb2",)
    assert "step-finished" in heard


def test_what_changed_meanwhile_is_refused(
    store: Store, managed: Managed, approved: Review, workspace: Path
) -> None:
    managed.touch()
    with pytest.raises(Refused, match="changed"):
        apply(store, managed, approved, workspace)
    assert managed.execute("SELECT version_num FROM alembic_version") == [("aaa1",)]
