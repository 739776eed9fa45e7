"""round: what one round of a part came to, and how many of them are counted together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Round:
    """One round. `wrong` is what may not be, in words, or "": a state in doubt, a loss unseen, a
    corrupt database. `is_recovered` unless a person would have to do something. `where` says what
    the round hit, for the count of it; `stall` is the longest that a reader waited, in milliseconds."""

    where: str
    wrong: str = ""
    is_recovered: bool = True
    stall: float = 0.0


@dataclass
class Tally:
    """The rounds of one part on one database."""

    rounds: int = 0
    recovered: int = 0
    where: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[int, str]] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    stall: float = 0.0

    def add(self, number: int, played: Round) -> None:
        """Count a round."""
        self.rounds += 1
        self.where[played.where] += 1
        self.stall = max(self.stall, played.stall)
        if played.wrong:
            self.wrong.append((number, played.wrong))
        if played.is_recovered:
            self.recovered += 1
        else:
            self.left.append(number)

    @property
    def is_met(self) -> bool:
        """Whether the figure is reached: nothing wrong, nothing left to a person."""
        return self.rounds > 0 and not self.wrong and self.recovered == self.rounds
