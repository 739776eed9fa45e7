"""What the store holds is read by later versions, or answered by "rehearse again", and by no error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from console.schema.rehearsal import Rehearsal
from console.schema.wire import encode
from console.services.decisions import may_apply, may_approve
from console.services.review import Review
from console.services.reviews import get_review, request_apply
from console.services.runner import run_now
from console.services.runs import Run, get_run
from console.services.stored import stored
from console.store.run import RunRow
from console.store.store import Store
from tests.services.conftest import Managed
from tests.world import World

DOCUMENT = json.loads((Path(__file__).parent / "stored_rehearsal.json").read_text())
# What the first version stored of a rehearsal, and of what is inside of it.
FIRST = {
    "digest", "succeeded", "clone", "clone_milliseconds", "milliseconds", "steps", "difference",
    "ledger",
}  # fmt: skip
NEWER = {
    "mixed",
    "is_sample",
    "locks",
    "is_view",
    "many",
    "parameters",
    "together",
    "again",
}


def store_rehearsal(store: Store, run_id: int, rehearsal: Any, hazards: Any = ()) -> Run:
    """Write into a run what some version stored there."""
    values = {"rehearsal": rehearsal, "hazards": {"hazards": list(hazards)}}
    with store.begin() as session:
        session.execute(update(RunRow).where(RunRow.id == run_id).values(**values))
    return get_run(store, run_id)


def without(value: Any, names: set[str]) -> Any:
    """Plain data without these keys, wherever they are."""
    if isinstance(value, dict):
        return {key: without(item, names) for key, item in value.items() if key not in names}
    return [without(item, names) for item in value] if isinstance(value, list) else value


def holds(found: Any, expected: Any) -> bool:
    """Whether plain data has all that was stored; fields that came later may be there besides."""
    if isinstance(expected, dict):
        return all(name in found and holds(found[name], item) for name, item in expected.items())
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(holds, found, expected))
    return bool(found == expected)


def test_a_rehearsal_that_was_stored_is_read_in_full(approved: Review, store: Store) -> None:
    assert approved.rehearsal_run is not None
    run = store_rehearsal(
        store, approved.rehearsal_run.id, DOCUMENT["rehearsal"], DOCUMENT["hazards"]
    )
    assert run.is_readable
    assert holds(encode(run.rehearsal), DOCUMENT["rehearsal"]), "a field was renamed or taken away"
    assert holds(encode(run.hazards), DOCUMENT["hazards"])


def test_what_has_not_the_newer_fields_is_read_without_them(approved: Review, store: Store) -> None:
    old = without({name: DOCUMENT["rehearsal"][name] for name in FIRST}, NEWER)
    assert approved.rehearsal_run is not None
    run = store_rehearsal(store, approved.rehearsal_run.id, old)
    assert run.is_readable
    assert run.rehearsal is not None
    assert run.rehearsal.ledger is not None
    assert run.rehearsal.ledger.verdict.startswith("Nothing is lost: 2 rows")
    assert run.rehearsal.steps[0].locks == ()
    assert run.rehearsal.sample is None


@pytest.mark.parametrize(
    ("rehearsal", "hazards"),
    [
        ({**DOCUMENT["rehearsal"], "steps": "none"}, []),
        ({"verdict": "Nothing is lost."}, []),
        (DOCUMENT["rehearsal"], [{"code": "add-column", "severity": "grave"}]),
    ],
)
def test_what_cannot_be_read_is_rehearsed_again_and_decides_nothing(
    approved: Review,
    store: Store,
    managed: Managed,
    world: World,
    workspace: Path,
    rehearsal: Any,
    hazards: Any,
) -> None:
    waiting = request_apply(store, managed.targets, world.approver, approved.id)
    assert approved.rehearsal_run is not None
    run = store_rehearsal(store, approved.rehearsal_run.id, rehearsal, hazards)
    assert (run.is_readable, run.rehearsal, run.hazards) == (False, None, ())
    ended = run_now(store, managed.targets, waiting.id, workspace=workspace)
    assert ended.state == "refused"
    assert "it cannot be read. Rehearse again." in (ended.error or "")
    review = get_review(store, managed.targets, approved.id)
    for decision in (may_apply(review, world.approver), may_approve(review, world.administrator)):
        assert decision.reason == (
            "Another version of the console stored this rehearsal, and it cannot be read. "
            "Rehearse again."
        )


def test_nothing_is_nothing() -> None:
    assert stored(Rehearsal, None) is None
