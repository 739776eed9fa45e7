"""statement: one SQL statement of a step, as captured on a live connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.schema.plan import Direction
    from console.schema.target import Target


@dataclass(frozen=True)
class Statement:
    """One executed statement: its SQL, the revision that sent it, milliseconds, rows touched (-1 unknown).

    `parameters` is a short rendering for people, cut at 500 characters; never executed again.
    `many` when it was sent several times in a row: milliseconds and rows are sums then.
    """

    revision: str
    sql: str
    milliseconds: float
    rows: int = -1
    parameters: str = ""
    many: bool = False


@dataclass(frozen=True)
class Operation:
    """One Alembic operation object as a value: `name` is Alembic's ("add_column"), `details` plain data."""

    revision: str
    name: str
    table: str | None
    column: str | None = None
    details: tuple[tuple[str, str], ...] = ()

    def detail(self, key: str) -> str | None:
        """Return one of the details, or None."""
        return next((value for name, value in self.details if name == key), None)


def compile_statements(
    target: Target, revision: str, direction: Direction = "up", *, offline: bool = False
) -> tuple[Statement, ...]:
    """Return the SQL of one revision for the target's dialect, up or down.

    Captured on an empty scratch database that is brought to the revision's parents in a child
    process; the target's own database is not touched. With `offline` it is what Alembic writes
    without any database or server. Raises UnknownRevision, BrokenRevision, MigrationFailed where
    a revision cannot run on empty tables or asks a database that is not there, and Unsupported for a
    dialect without scratch databases, or an env.py that connects all the same.
    """
    from console.schema import preview  # it stands above these values

    see = preview.preview_offline if offline else preview.preview
    return see(target, revision, direction)
