"""probe: a question about live data that a hazard asks, with its answer and time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal[
    "rows",  # how many rows a table has
    "values",  # how many of them hold a value in a column
    "nulls",  # and how many do not
    "duplicates",  # how many values are shared by several rows
    "orphans",  # how many rows point to no row of another table
    "violators",  # how many rows break a condition
    "longest",  # characters of the longest value
    "bytes",  # and how many bytes it takes
    "largest",  # the greatest distance of a number from zero
    "fractions",  # how many numbers have more decimal places than `places`
    "size",  # bytes of a table without its indexes
    "invalid",  # how many of its indexes are not valid
    "inbound",  # how many foreign keys of other tables point to it
    "versions",  # how many changes of its columns are more than MySQL makes at once
    "blockers",  # how many other sessions have to end first, before the table can be changed
]


@dataclass(frozen=True)
class Question:
    """What is asked: of which table and columns, and what an answer of that kind needs besides.

    `referent` and `remote_columns` are what a foreign key points to, `condition` is that of a CHECK,
    or of an index on some rows only. `is_full` is for a foreign key of MATCH FULL, of whose columns
    all hold a value or none; `counts_null` for a rule to which one NULL is like another. `most` is the
    answer up to which every value fits; 0 where that is not known. `changes` is how many statements of a
    plan add columns to a table, or drop some.
    """

    kind: Kind
    table: str
    columns: tuple[str, ...] = ()
    referent: str = ""
    remote_columns: tuple[str, ...] = ()
    condition: str = ""
    places: int = 0
    is_full: bool = False
    counts_null: bool = False
    most: int = 0
    changes: int = 0

    @property
    def binds(self) -> bool:
        """Whether a plan must not run once the answer is worse. Tables grow all day, and the ledger
        sees what becomes of their rows; sessions come and go, and the run waits for them."""
        return self.kind not in ("rows", "size", "blockers")

    @property
    def grows(self) -> bool:
        """Whether the answer is a number of rows, which is greater where the table is."""
        return self.kind in ("values", "nulls", "orphans", "violators")


@dataclass(frozen=True)
class Probe:
    """A question and its answer at one moment (UTC).

    The greater an answer, the worse. It is None where the database gave none, and `problem` says
    why. `is_capped` where counting ended at a limit: the answer is that or more. `rows` is how many
    rows the table had then, where an answer grows with them.
    """

    question: Question
    answer: int | None
    asked_at: datetime
    is_capped: bool = False
    problem: str = ""
    rows: int | None = None

    @property
    def sentence(self) -> str:
        """The answer in words: "2 rows of reviews point to no row of products"."""
        if self.answer is None:
            return f"{_subject(self.question)}: no answer ({self.problem or 'not asked'})"
        number = f"{self.answer:,}{' or more' if self.is_capped else ''}"
        return _answer(self.question, number, self.answer == 1 and not self.is_capped)

    def worsened(self, later: Probe) -> str | None:
        """Say how a later answer to the same question is worse; None where it is not, or unknown.

        More rows of a kind that was there are no worse as long as the table has grown by as many.
        """
        if self.answer is None or later.answer is None:
            return None
        if later.answer <= max(self.answer, self.question.most) or self._has_grown(later):
            return None
        return f"{later.sentence}, and it was {self.answer:,} at {self.asked_at:%Y-%m-%d %H:%M} UTC"

    def _has_grown(self, later: Probe) -> bool:
        """Whether a greater answer is that of a table which has grown since."""
        if not self.answer or later.answer is None or None in (self.rows, later.rows):
            return False
        return later.answer - self.answer <= (later.rows or 0) - (self.rows or 0)


def _subject(question: Question) -> str:
    """The table, with the columns if the question is about some."""
    return ".".join(part for part in (question.table, ", ".join(question.columns)) if part)


def _answer(question: Question, number: str, is_one: bool) -> str:
    table, columns = question.table, ", ".join(question.columns)
    rows = f"{number} row{'' if is_one else 's'} of {table}"
    values = f"{number} value{'' if is_one else 's'} of {_subject(question)}"
    s = "s" if is_one else ""
    return {
        "rows": f"{table} has {number} row{'' if is_one else 's'}",
        "values": f"{rows} hold{s} a value in {columns}",
        "nulls": f"{rows} hold{s} NULL in {columns}",
        "duplicates": f"{values} {'is' if is_one else 'are'} shared by several rows",
        "orphans": f"{rows} point{s} by {columns} to no row of {question.referent}",
        "violators": f"{rows} break{s} the condition {question.condition}",
        "longest": f"the longest value of {_subject(question)} has {number} "
        f"character{'' if is_one else 's'}",
        "bytes": f"the longest value of {_subject(question)} takes {number} "
        f"byte{'' if is_one else 's'}",
        "largest": f"the largest value of {_subject(question)} is {number}",
        "fractions": f"{values} {'has' if is_one else 'have'} more than "
        f"{question.places} decimal place{'' if question.places == 1 else 's'}",
        "invalid": f"{number} index{'' if is_one else 'es'} of {table} "
        f"{'is' if is_one else 'are'} not valid",
        "versions": f"{number} change{'' if is_one else 's'} of the columns of {table} "
        f"{'is' if is_one else 'are'} more than MySQL makes at once",
        "inbound": f"{number} foreign key{'' if is_one else 's'} of other tables point{s} to {table}",
        "blockers": f"{number} other session{'' if is_one else 's'} {'is' if is_one else 'are'} in a "
        f"transaction that may keep {table} from being changed",
        "size": f"{table} takes {number} byte{'' if is_one else 's'}",
    }[question.kind]
