"""ailment: something that is not as it should be, and the remedies that there are for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

RemedyKind = Literal["clean", "resume", "undo", "stamp", "end", "recover"]


@dataclass(frozen=True)
class Remedy:
    """A way out: `text` says what it does, `preview` the very SQL, `effect` what it does to the data.

    `take` does it, and is None where `refusal` says why it cannot be done. Taking raises Conflict,
    Refused and the core's errors, and is written to the audit trail.
    """

    kind: RemedyKind
    text: str
    preview: tuple[str, ...] = ()
    effect: tuple[str, ...] = ()
    refusal: str = ""
    take: Callable[[], object] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Ailment:
    """What is wrong with `subject`: a stable `code`, a sentence, further lines, and the remedies.

    `advice` is for a person, where no remedy can be taken from here.
    """

    code: str
    subject: str
    text: str
    remedies: tuple[Remedy, ...] = ()
    details: tuple[str, ...] = ()
    advice: str = ""

    @property
    def possible(self) -> tuple[Remedy, ...]:
        """The remedies that can be taken."""
        return tuple(remedy for remedy in self.remedies if remedy.take is not None)
