"""bypass: the driver's own connection in the hands of a migration, by which statements go unheard.

What its cursor sends is in no list of a plan's statements, and what another one of the pool does is in
no transaction of a plan: neither tells any more what the plan has left alone.
"""

from __future__ import annotations

import sys
from typing import Any

from sqlalchemy.engine import Connection, Engine

from console.schema.guard import Guard

OURS = ("sqlalchemy.", "alembic.", "console.schema.")


def watch(guard: Guard) -> None:
    """Let the guard know when code of the migration takes one. Once a process: it is never undone."""
    taken: Any = Connection.connection
    raw_connection = Engine.raw_connection

    def connection(self: Connection) -> Any:
        _noted(guard)
        return taken.fget(self)

    def raw(self: Engine) -> Any:
        _noted(guard)
        return raw_connection(self)

    setattr(Connection, "connection", property(connection))  # noqa: B010 - mypy refuses the plain assignment
    setattr(Engine, "raw_connection", raw)  # noqa: B010 - see above


def _noted(guard: Guard) -> None:
    asking = sys._getframe(2).f_globals.get("__name__", "")
    if guard.state == "running" and not asking.startswith(OURS):
        guard.is_bypassed = True
