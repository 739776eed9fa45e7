"""several: keeps an env.py that goes over several databases to the one that is meant.

Flask-Migrate's layout for several databases calls `context.run_migrations(engine_name=...)` once for
each engine, in one go. A plan is about one database: the rounds of the others are passed over, and
the host gives them engines that lead nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from sqlalchemy.engine import Connection, RootTransaction

from console.schema.errors import Unsupported, WrongDatabase

Verify = Callable[[Connection | None], None]


class Several:
    """The rounds of one env.py. `only` is the engine name whose round is the target's."""

    def __init__(self, only: str, verify: Verify) -> None:
        self.only, self.verify = only, verify
        self.elsewhere: WrongDatabase | None = None
        self.rounds = 0

    def watch(self, context: EnvironmentContext) -> None:
        """Pass over what env.py configures on other databases."""
        configure, run = context.configure, context.run_migrations

        def configured(connection: Connection | None = None, **given: Any) -> None:
            self.elsewhere = None
            try:
                self.verify(connection)
            except WrongDatabase as error:
                self.elsewhere = error
                return
            configure(connection=connection, **given)

        def run_migrations(**given: Any) -> None:
            if self.elsewhere is not None:
                return
            self.rounds += 1
            if given.get("engine_name") != self.only or self.rounds > 1:
                raise Unsupported(
                    f"env.py runs the functions of '{given.get('engine_name')}' on this database, "
                    f"and not those of '{self.only}' alone."
                )
            run(**given)

        setattr(context, "configure", configured)  # noqa: B010 - mypy refuses the plain assignment
        setattr(context, "run_migrations", run_migrations)  # noqa: B010 - see above

    def conclude(self) -> None:
        """Raise WrongDatabase if env.py has not come to the target at all."""
        if not self.rounds and self.elsewhere is not None:
            raise self.elsewhere


class OnePhase:
    """A plain transaction where env.py asked for one in two phases: with one database it is the same."""

    def __init__(self, transaction: RootTransaction) -> None:
        self.transaction = transaction

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transaction, name)

    def prepare(self) -> None:
        """Nothing: the commit follows."""


def in_one_phase() -> None:
    """Let every two-phase transaction of this process be a plain one, which can be guarded."""

    def begin(connection: Connection, xid: Any = None) -> OnePhase:
        return OnePhase(connection.begin())

    setattr(Connection, "begin_twophase", begin)  # noqa: B010 - mypy refuses the plain assignment
