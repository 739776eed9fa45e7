"""case: a dangerous revision, and the way out of it that is pasted from its finding."""

from __future__ import annotations

from dataclasses import dataclass

from console.hazards.hazard import Severity
from console.hazards.registry import DATABASES

NO_WAY_BACK = "raise NotImplementedError"


@dataclass(frozen=True)
class Case:
    """One rule on some databases: what is there beforehand, what is found, and what is safe.

    The safe way is the rewrite as the finding gives it, its "…" replaced by `fill` in order, behind
    `keep`, which is what stays of the revision; or else the revisions in `safe`, where a rewrite is
    no code for a revision. It raises no errors but those in `also`.
    Its revisions are applied one by one if one plan cannot do them (`apart`).
    `server` is "mariadb" or "mysql" where these two differ.
    `alone` is rehearsed in a plan of its own, since it fails (`fails`) or looks at the whole plan.
    """

    code: str
    unsafe: str
    subject: str
    says: str  # the whole danger, or the part of it that carries the numbers
    on: tuple[str, ...] = DATABASES
    severity: Severity = "error"
    tables: tuple[str, ...] = ()
    fails: bool = False
    alone: bool = False
    top: str = ""
    down: str = NO_WAY_BACK
    keep: str = ""
    fill: tuple[str, ...] = ()
    safe: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    apart: bool = False
    server: str = ""

    @property
    def is_alone(self) -> bool:
        """Whether it has a plan of its own."""
        return self.alone or self.fails

    def __str__(self) -> str:
        return f"{self.code} ({self.subject})"


def batch(table: str, *operations: str) -> str:
    """Operations in batch mode."""
    return "\n".join(
        [f"with op.batch_alter_table({table!r}) as batch:", *(f"    {o}" for o in operations)]
    )


def filled(table: str, columns: str, *rows: str) -> tuple[str, ...]:
    """A table and its rows: "id INTEGER PRIMARY KEY, name VARCHAR(9)", "1, 'Lamp'"."""
    values = ", ".join(f"({row})" for row in rows)
    made = f"CREATE TABLE {table} ({columns})"
    return (made, f"INSERT INTO {table} VALUES {values}") if rows else (made,)


def many(table: str, columns: str, count: int = 1000) -> tuple[str, ...]:
    """A table whose rows are the numbers up to `count`."""
    return (
        f"CREATE TABLE {table} ({columns})",
        f"INSERT INTO {table} (id) WITH RECURSIVE n (i) AS "
        f"(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n",
    )
