"""compatibility: whether the models can be read before a plan and after it, and which goes first.

The models are those of the code as it lies there: what runs now, or what is about to be deployed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Advice = Literal["migrate first", "deploy first", "either", "neither", "unknown"]
SHOWN = 3  # models named in a sentence
UNREADABLE = "No model can be read before this plan or after it ({why}), so that nothing tells which goes first."


@dataclass(frozen=True)
class Reading:
    """A SELECT of everything that a model maps, run at one moment; `error` is None if it worked."""

    model: str
    error: str | None = None


@dataclass(frozen=True)
class Compatibility:
    """Every model read on the schema before a plan and after it. `sentence` gives the advice with
    its reason."""

    before: tuple[Reading, ...]
    after: tuple[Reading, ...]
    advice: Advice
    sentence: str


def weigh(before: Iterable[Reading], after: Iterable[Reading]) -> Compatibility | None:
    """Return what two readings of the same models mean; None without models.

    Models that can be read neither before nor after say nothing about the plan: they do not count.
    """
    before, after = tuple(before), tuple(after)
    if not before or not after:
        return None
    then, now = _errors(before), _errors(after)
    needs = {name: error for name, error in then.items() if name not in now}
    breaks = {name: error for name, error in now.items() if name not in then}
    both = sorted(set(then) & set(now))
    if len(both) == len({reading.model for reading in (*before, *after)}):
        return Compatibility(before, after, "unknown", UNREADABLE.format(why=then[both[0]]))
    advice, sentence = _advise(needs, breaks, others="other " if both else "")
    if both:
        sentence += f" {_named(both)} cannot be read before or after, and did not count."
    return Compatibility(before, after, advice, sentence)


def _advise(needs: Mapping[str, str], breaks: Mapping[str, str], others: str) -> tuple[Advice, str]:
    if needs and breaks:
        return "neither", (
            f"Neither order works by itself: {_told(needs)} before it, and {_told(breaks)} after it. "
            "Split the plan, or stop the application meanwhile."
        )
    if needs:
        return "migrate first", (
            f"Migrate first, then deploy: the models need what this plan brings. Before it "
            f"{_told(needs)}."
        )
    if breaks:
        return "deploy first", (
            f"Deploy first, then migrate: with the models as they are, {_told(breaks)} after this "
            "plan. Bring out code that does without."
        )
    return "either", (
        f"Either order works: every {others}model can be read before this plan and after it."
    )


def _errors(readings: Iterable[Reading]) -> dict[str, str]:
    return {reading.model: reading.error for reading in readings if reading.error is not None}


def _told(errors: Mapping[str, str]) -> str:
    name, error = next(iter(errors.items()))
    if len(errors) == 1:
        return f"{name} cannot be read ({error})"
    return f"{_named(list(errors))} cannot be read ({name}: {error})"


def _named(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
