"""samples: reviews, runs and rehearsals as values, for the pages that draw them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from console.hazards.hazard import Hazard
from console.schema.catalogue import Change, Difference, TableDifference
from console.schema.ledger import ColumnEntry, Entry, Ledger
from console.schema.plan import Ingredient, Plan, Step
from console.schema.rehearsal import Outcome, Rehearsal, StepResult, WayBack
from console.schema.statement import Statement
from console.services.account import Account
from console.services.review import Approval, Review
from console.services.runs import Run

AT = datetime(2026, 11, 22, 7, 40, tzinfo=UTC)
CREATE, PRICE = "4c1a7f20b9de", "9e2d05c8a314"
AUTHOR = Account(1, "author@example.com", "Ada Author", "author", True, AT)
APPROVER = Account(2, "approver@example.com", "Paul Approver", "approver", True, AT)
VIEWER = Account(3, "viewer@example.com", "Vera Viewer", "viewer", True, AT)

UP = Plan(
    target="default",
    identity="sqlite:/data/app.db",
    goal="head",
    direction="up",
    start=(CREATE,),
    end=(PRICE,),
    steps=(
        Step(
            PRICE,
            "up",
            "Add price to products",
            (CREATE,),
            "migrations/versions/price.py",
            "a" * 64,
        ),
    ),
    ingredients=(Ingredient("migrations/env.py", "b" * 64),),
    digest="d" * 64,
)
DOWN = Plan(
    target="default",
    identity="sqlite:/data/app.db",
    goal=CREATE,
    direction="down",
    start=(PRICE,),
    end=(CREATE,),
    steps=(
        Step(
            PRICE,
            "down",
            "Add price to products",
            (CREATE,),
            "migrations/versions/price.py",
            "a" * 64,
        ),
    ),
    ingredients=(Ingredient("migrations/env.py", "b" * 64),),
    digest="e" * 64,
)
KEPT = Ledger(
    entries=(
        Entry(
            "products",
            "identical",
            3,
            3,
            (ColumnEntry("name", "identical", 3, 3), ColumnEntry("price", "added", None, 0)),
            "products: 3 rows before, 3 after, every earlier value identical",
        ),
    ),
    objects_lost=(),
    objects_gained=(),
    losses=(),
    is_clean=True,
    verdict="Nothing is lost: 3 rows in 1 table, every earlier value identical.",
)
LOST = Ledger(
    entries=(
        Entry(
            "products",
            "lost",
            3,
            3,
            (ColumnEntry("name", "identical", 3, 3), ColumnEntry("price", "lost", 2, None)),
            "products: 3 rows before, 3 after, 2 values of price lost",
        ),
    ),
    objects_lost=(("index", "ix_products_price"),),
    objects_gained=(),
    losses=("2 values of products.price",),
    is_clean=False,
    verdict="Data is lost: 2 values of products.price.",
)
STATEMENT = Statement(PRICE, "ALTER TABLE products ADD COLUMN price NUMERIC(10, 2)", 0.4, 3)
ADDED = Change("added", "column", "price", None, "NUMERIC(10, 2), nullable")
REMOVED = Change("removed", "column", "price", "NUMERIC(10, 2), nullable", None)
CHANGED = Change("changed", "column", "name", "VARCHAR(80)", "VARCHAR(120)")
DANGER = Hazard(
    "column-dropped",
    "error",
    PRICE,
    "products.price",
    "2 values of products.price are deleted.",
    "A dropped column cannot be brought back by a downgrade.",
    'op.alter_column("products", "price", new_column_name="old_price")',
)
WARNING = Hazard(
    "name-narrowed", "warning", PRICE, "products.name", "3 values are cut.", "Cut values stay cut."
)


def rehearsal(plan: Plan = UP, **changed: Any) -> Rehearsal:
    """A rehearsal that went well, as `changed`."""
    change = ADDED if plan.direction == "up" else REMOVED
    values: dict[str, Any] = {
        "digest": plan.digest,
        "succeeded": True,
        "clone": "SQLite backup of 48 kB",
        "clone_milliseconds": 2.0,
        "milliseconds": 84.0,
        "steps": tuple(StepResult(step.revision, 84.0, (STATEMENT,)) for step in plan.steps),
        "difference": Difference((TableDifference("products", "changed", (change, CHANGED)),)),
        "ledger": KEPT if plan.direction == "up" else LOST,
        "way_back": WayBack(True, KEPT),
    }
    return Rehearsal(**{**values, **changed})


def failed() -> Rehearsal:
    """A rehearsal that came to nothing."""
    return rehearsal(
        succeeded=False,
        ledger=None,
        way_back=None,
        difference=Difference(()),
        steps=(),
        error="no such table: produkts",
        failed_revision=PRICE,
    )


def run(kind: str = "rehearsal", state: str = "succeeded", plan: Plan = UP, **changed: Any) -> Run:
    """A run in a state, as `changed`."""
    ended = None if state in ("queued", "running") else AT
    values: dict[str, Any] = {
        "id": 7,
        "kind": kind,
        "review_id": 1,
        "target": plan.target,
        "goal": plan.goal,
        "digest": plan.digest,
        "plan": plan,
        "state": state,
        "requested_by": "Ada Author",
        "queued_at": AT,
        "started_at": None if state == "queued" else AT,
        "finished_at": ended,
        "error": None,
        "outcome": None,
        "rehearsal": None,
    }
    return Run(**{**values, **changed})


def outcome(plan: Plan = UP) -> Outcome:
    """A plan that ran for real."""
    steps = tuple(StepResult(step.revision, 84.0, (STATEMENT,)) for step in plan.steps)
    return Outcome(plan.digest, plan.end, 91.0, steps, KEPT if plan.direction == "up" else LOST)


def vote(
    choice: str = "approve", *, is_void: bool = False, reason: str = "Reads well."
) -> Approval:
    """The approver's vote."""
    return Approval(1, APPROVER, UP.digest, choice, reason, AT, is_void)  # type: ignore[arg-type]


def review(plan: Plan = UP, **changed: Any) -> Review:
    """A rehearsed review that nobody has voted on, as `changed`."""
    values: dict[str, Any] = {
        "id": 1,
        "title": "Add price to products",
        "description": "For the spring catalogue.",
        "target": plan.target,
        "goal": plan.goal,
        "direction": plan.direction,
        "plan": plan,
        "state": "open",
        "author": AUTHOR,
        "created_at": AT,
        "rehearsal_run": run(plan=plan),
        "rehearsal": rehearsal(plan),
        "hazards": () if plan.direction == "up" else (DANGER, WARNING),
    }
    return Review(**{**values, **changed})
