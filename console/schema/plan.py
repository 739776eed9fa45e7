"""plan: the ordered steps that take a target from where it stands to a chosen revision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["up", "down"]


@dataclass(frozen=True)
class Step:
    """One revision to run, up or down. `path` is relative to the script location's parent."""

    revision: str
    direction: Direction
    message: str
    parents: tuple[str, ...]
    path: str
    sha256: str


@dataclass(frozen=True)
class Ingredient:
    """One thing that the digest covers: what it is for a person ("migrations/env.py"), and its digest."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Plan:
    """What would run: `start` heads, `goal` as asked for, `end` heads, steps in order.

    `digest` is the SHA-256 over `ingredients`: ordered revision ids, the bytes of every file on the
    path, env.py and the local modules that these import, the target's identity, the starting heads
    and a fingerprint of the live schema.
    """

    target: str
    identity: str
    goal: str
    direction: Direction
    start: tuple[str, ...]
    end: tuple[str, ...]
    steps: tuple[Step, ...]
    ingredients: tuple[Ingredient, ...]
    digest: str

    def changes_since(self, earlier: Plan) -> tuple[str, ...]:
        """In words, every ingredient in which this plan differs from `earlier`; empty if none."""
        then = {i.name: i.sha256 for i in earlier.ingredients}
        now = {i.name: i.sha256 for i in self.ingredients}
        changed = [f"{name} changed" for name in now if name in then and now[name] != then[name]]
        added = [f"{name} is new" for name in now if name not in then]
        gone = [f"{name} is gone" for name in then if name not in now]
        return tuple(changed + added + gone)
