"""guard: watches over the one transaction of a pass, inside the child."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from console.schema.errors import MigrationFailed, PlanChanged


@dataclass
class Guard:
    """Where a pass stands, and what its migration code tried to do to the transaction.

    While it is "running" nobody may commit; a rollback by the migration code is noticed and nothing
    may follow it, since what follows would commit by itself. A plan that is not `whole` has a journal
    instead of one transaction. `changes` are what migration code loaded, or tried to, and is not what
    was approved. What is `confined` works on a copy, and may change nothing `outside` of it.
    `strayed` says what another connection than the plan's was refused. `is_bypassed` where its code
    has taken the driver's own connection, which sends what nobody hears.
    """

    state: Literal["idle", "running", "finished"] = "idle"
    whole: bool = True
    tried: str | None = field(default=None)
    rolled_back: bool = False
    committed: bool = False
    changes: tuple[str, ...] = ()
    confined: bool = False
    outside: str = ""
    strayed: str = ""
    is_bypassed: bool = False

    def allows(self, word: str) -> bool:
        """Whether a transaction statement (BEGIN, COMMIT, ROLLBACK) may go through now."""
        if word == "ROLLBACK":
            self.rolled_back = self.rolled_back or self.state == "running"
            return True
        if self.state == "running":
            self.tried = word
            return False
        if word == "COMMIT" and self.state == "finished":
            self.committed = True
        return True

    def start(self) -> None:
        """A pass begins: from here on the transaction belongs to the console."""
        self.state, self.tried = "running", None
        self.rolled_back = self.committed = False
        self.refuse_if_broken()

    def finish(self) -> None:
        """All steps are done and checked: the commit may come."""
        self.refuse_if_broken()
        self.state = "finished"

    def refuse_if_broken(self) -> None:
        """Raise MigrationFailed if the migration code ended the transaction behind our back, and
        PlanChanged if it is not what was approved."""
        if self.changes:
            raise PlanChanged(self.changes)
        if self.strayed:
            raise MigrationFailed(self.strayed)
        if self.outside:
            raise MigrationFailed(OUTSIDE.format(name=self.outside))
        if self.rolled_back:
            raise MigrationFailed(ROLLED_BACK)
        if self.tried:
            raise MigrationFailed(SPLITS.format(word=self.tried))


def alone(migrate: Callable[..., None], guard: Guard) -> Callable[..., None]:
    """Return an upgrade() or downgrade() that ends in the process it began in, and is not stamped after
    what the guard refuses. A fork that it forgot would go on with the plan by the same connection."""
    process = os.getpid()

    def run(*args: object, **options: object) -> None:
        try:
            migrate(*args, **options)
        finally:
            if os.getpid() != process:
                os._exit(1)
        guard.refuse_if_broken()

    return run


ROLLED_BACK = (
    "The migration rolled the transaction back by itself. Everything before that is undone; let "
    "exceptions pass instead."
)
SPLITS = (
    "The migration sends {word} itself. The console runs the whole plan as one transaction, which "
    "must not be split; take it out."
)
HIDDEN = (
    "The revision opens an autocommit_block() that its file does not show, so the plan began as one "
    "transaction, which must not be split. Write `with op.get_context().autocommit_block():` into the "
    "revision's own upgrade() or downgrade(), then make the plan again."
)
OUTSIDE = (
    "The migration changes something outside of its database: {name}. On a copy that would be done to "
    "the real thing, so it cannot be rehearsed. Where it is the database itself that is named, leave its "
    "name out."
)
OWN_WAY = (
    "The migration, or what env.py imports, reached the real database by a connection of its own, past "
    "the copy; there it may only read. Do everything by op.get_bind()."
)
SPLIT = (
    "The migration committed in the middle, by itself and past every check. What it did up to its "
    "last commit is saved, what came after is not. Take the commit out, and look at the schema before you go on."
)
ANOTHER = (
    "The version table is where the plan begins, but the schema is another by now: either the migration "
    "committed in the middle, by itself and past every check, or somebody else has changed it. Look at it "
    "before you go on."
)
BY_HAND = (
    "The migration sends {word} itself. The console begins and ends the transactions of a plan, so "
    "that it knows what is done; take it out."
)
