"""statement: one SQL statement of a step, as captured on a live connection."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """One executed statement: its SQL, the revision that sent it, milliseconds, rows touched (-1 unknown).

    `parameters` is a short rendering for people, cut at 500 characters; never executed again.
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
