"""line: one line of the table of `make bench`."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.measure import Cost


@dataclass(frozen=True)
class Line:
    """What was measured on which database, what it cost, and what it is compared with."""

    database: str
    what: str
    cost: Cost
    compared: Cost | None = None
    note: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """As texts."""
        other = self.compared
        ratio = (
            f"{self.cost.cpu / other.cpu:.2f}, {self.cost.wall / other.wall:.2f}" if other else ""
        )
        beside = f"{other.cpu:.2f}, {other.wall:.2f}" if other else ""
        costs = (f"{self.cost.cpu:.3g}", f"{self.cost.wall:.3g}")
        return (self.database, self.what, *costs, beside, ratio, self.note)
