"""revision: one Alembic script, read by its syntax tree and never imported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

Direction = Literal["up", "down"]


@dataclass(frozen=True)
class Problem:
    """Something wrong with a revision file or with the history: `code` is stable, `message` a sentence."""

    code: str
    message: str
    path: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class Revision:
    """One revision file.

    `parents` is `down_revision` as a tuple (empty at a base), `sha256` the digest of the file's
    bytes, `is_downgrade_empty` tells a downgrade that does nothing from one that does or raises,
    `splits` are the directions in which it leaves its transaction by an `autocommit_block()`.
    A file that cannot be read carries its `problems`; its `id` is then taken from the file's name.
    """

    id: str
    parents: tuple[str, ...]
    path: Path
    sha256: str
    message: str
    depends_on: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    created_at: datetime | None = None
    is_downgrade_empty: bool = False
    splits: tuple[Direction, ...] = ()
    problems: tuple[Problem, ...] = ()
    is_broken: bool = False

    @property
    def is_merge(self) -> bool:
        """Whether it joins several branches."""
        return len(self.parents) > 1
