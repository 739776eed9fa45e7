"""dialect: what the child must do differently on each database. One class a database, in its module."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any, Literal

from sqlalchemy.engine import Connection

from console.schema.guard import Guard
from console.schema.ledger import ColumnCount, TableCount
from console.schema.locks import LockWatch
from console.schema.own import is_own
from console.schema.plan import Step
from console.schema.setting import Setting
from console.schema.target import Target

Keep = Literal["nothing", "keys", "few values", "values"]  # what is remembered of a table's rows
MASK = (1 << 64) - 1
# How many values of a table are remembered at most: above that they are not known of rows that stay.
VALUES_KEPT: dict[Keep, int] = {"few values": 100_000, "values": 10_000_000}  # 80 MB of memory


@dataclass(frozen=True)
class Keys:
    """The primary keys of a table's rows, hashed, or without a key the whole rows; with them, where they are kept, the hashes of the
    values of each column in the same order, 0 for NULL; in `others` those of the same values in the
    words of another type, where they have them."""

    numbers: Sequence[int]
    values: Mapping[str, Sequence[int]] = field(default_factory=dict)
    others: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.numbers)

    def before(self, table: TableCount, now: Collection[int]) -> TableCount | None:
        """What those rows were whose keys are still there `now`; None where that is not known.

        The checksums are sums of the hashes.
        """
        there = set(now)
        if not self.values or len(set(self.numbers)) < len(self.numbers):
            return None
        chosen = [number in there for number in self.numbers]
        columns = []
        for name, values in self.values.items():
            column = summed(name, list(compress(values, chosen)))
            if name in self.others:
                other = summed(name, list(compress(self.others[name], chosen)))
                column = replace(column, other=other.checksum)
            columns.append(column)
        return TableCount(table.name, sum(chosen), tuple(columns))


def keeps_values(keep: Keep, rows: int, columns: int) -> bool:
    """Whether the values of a table of this size are remembered."""
    return rows * columns <= VALUES_KEPT.get(keep, -1)


def summed(name: str, hashes: Sequence[int]) -> ColumnCount:
    """A column's figures by the hashes of its values, 0 for NULL."""
    return ColumnCount(name, len(hashes) - hashes.count(0), f"{sum(hashes) & MASK:016x}")


@dataclass(frozen=True)
class Shape:
    """What counting a table needs: its columns in order and which of them are its primary key.

    `source` is the table as SQL names it; `kinds` are the columns' types where counting needs them.
    `together` are the columns that are summed up as whole rows too, where no key tells these apart;
    `is_versioned` where the table keeps the rows of the past.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    source: str = ""
    kinds: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    is_versioned: bool = False


class Busy(Exception):
    """Somebody else holds the lock, and kept it for as long as we wait."""


class Dialect(ABC):
    """The differences between databases, as seen from inside a child process."""

    name: str
    names: tuple[str, ...]  # as SQLAlchemy calls it
    is_transactional = True  # whether a plan, CREATE TABLE included, is one transaction
    splits = False  # whether a plan may leave its transaction by autocommit_block()
    is_shared = True  # whether others may write while a plan runs
    retries = False  # whether a plan that met a locked table is tried again from its start

    def is_whole(self, steps: Iterable[Step]) -> bool:
        """Whether these steps are one transaction; if not, they are run with a journal."""
        return self.is_transactional and not (self.splits and any(s.is_split for s in steps))

    @property
    def keeps_journals(self) -> bool:
        """Whether there are plans with a journal on this kind of database."""
        return self.splits or not self.is_transactional

    @abstractmethod
    def speaks(self, dbapi_connection: Any) -> bool:
        """Whether this is a connection to a database of this kind at all."""

    @abstractmethod
    def identify(self, dbapi_connection: Any) -> str:
        """Return the identity of the database that this connection really reaches."""

    @abstractmethod
    def reach(self, target: Target) -> str:
        """Return the identity that a connection to this target must have."""

    def settle(self, target: Target, seconds: float) -> bool:
        """Wait until the session of a migration whose process died has ended; False if it has not."""
        return True

    def end(self, target: Target, session: str, seconds: float) -> bool:
        """End a session of the server, as a journal names it, and wait until it is gone: the server
        would go on with a statement whose process is dead. False if it stays."""
        return True

    @abstractmethod
    def prepare(self, dbapi_connection: Any, guard: Guard, lock_wait: float) -> None:
        """Make a new connection ready: no transactions by the driver, `guard` watching."""

    def lost_transaction(self, dbapi_connection: Any, guard: Guard) -> bool:
        """Whether the plan's transaction is gone although nobody sent a ROLLBACK: some errors of SQLite
        and `ON CONFLICT ROLLBACK` end it. The guard is told; what follows would commit by itself."""
        return False

    @abstractmethod
    def begin(self, dbapi_connection: Any, target: Target, lock_wait: float) -> None:
        """Begin the transaction and take the lock with it; raises Busy or the driver's error."""

    def release(self, dbapi_connection: Any) -> None:  # noqa: B027 - most hold nothing more
        """Free what a connection holds beyond its transaction; it goes back to its pool."""

    @abstractmethod
    def forbid_writing(self, dbapi_connection: Any) -> None:
        """Let a new connection only read, whatever transactions it begins."""

    def outside(self, sql: str) -> str:
        """Return in words what a statement changes outside of its database; "" where the database lets
        none reach further, or tells by itself."""
        return ""

    def commits(self, dbapi_connection: Any) -> bool:
        """Whether it is this connection's transaction that the plan runs in."""
        return True

    @abstractmethod
    def begin_reading(self, dbapi_connection: Any) -> None:
        """Begin a transaction that cannot write."""

    @abstractmethod
    def is_locked(self, error: BaseException) -> bool:
        """Whether this error says that somebody else holds the database."""

    @abstractmethod
    def violations(self, connection: Connection) -> dict[str, int]:
        """Return how many rows break each foreign key, in words; without the sound ones."""

    @abstractmethod
    def shapes(
        self, connection: Connection, exclude: Collection[str], known: Collection[str] = ()
    ) -> tuple[Shape, ...]:
        """Return the tables that hold data, sorted by name, without those of `exclude`. Partitions are
        counted with their table, and by themselves if they are `known` as tables of their own."""

    @abstractmethod
    def objects(
        self, connection: Connection, exclude: Collection[str]
    ) -> tuple[tuple[str, str], ...]:
        """Return (kind, name) of every view, trigger and index, sorted."""

    @abstractmethod
    def leftovers(self, connection: Connection) -> frozenset[str]:
        """Return the tables that an interrupted batch operation forgot."""

    @contextmanager
    def counting(self, connection: Connection) -> Iterator[None]:
        """Keep what is set for a session from deciding how values are spelled and how long it may
        take to count them."""
        yield

    @abstractmethod
    def tally(
        self, connection: Connection, shape: Shape, *, keep: Keep, earlier: Keys | None
    ) -> tuple[TableCount, Keys | None]:
        """Count one table; return its hashed primary keys too, and its hashed values, if these are to
        be kept and are not too many.

        Given `earlier` keys, those rows that had them are counted by themselves as well; where some of
        them are gone, with what the others were.
        """

    @abstractmethod
    def is_uniform(self, connection: Connection, shape: Shape, column: str) -> bool:
        """Whether a column holds one and the same value in every row."""

    def loose(
        self, connection: Connection, earlier: Mapping[str, Keys]
    ) -> tuple[tuple[TableCount, Keys | None], ...]:
        """Count what holds data outside of all tables as `tally` does a table, if there is any; without
        columns where what it holds is not compared."""
        return ()

    def positions(
        self, connection: Connection, known: Collection[str] = ()
    ) -> tuple[tuple[str, int], ...]:
        """Return what each sequence that counts up gives next, by the column that it belongs to or by
        its name; also for those `known` from before that have no sequence by now, and still a number."""
        return ()

    def settings(self, connection: Connection) -> tuple[Setting, ...]:
        """Return who owns what, who may use it and how it is stored, as far as the database knows it and
        we may read it."""
        return ()

    def watch(self, connection: Connection) -> LockWatch | None:
        """Return what writes down the locks of the transaction at hand; None if the database does
        not tell them."""
        return None

    def hold(self, connection: Connection, tables: Collection[str]) -> None:  # noqa: B027 - see written
        """Keep others from writing to tables until the transaction ends."""

    def written(self, connection: Connection) -> frozenset[str] | None:
        """Return the tables that the transaction at hand has written to or altered, by the names that
        they have now; None where the database does not tell."""
        return None

    def led_away(self, connection: Connection) -> str:
        """Return a sentence where env.py has led the session to other schemas than those that the
        console reads; else "". Leaves the transaction in a state that must be rolled back."""
        return ""

    def was_saved(self, target: Target, transaction: str) -> bool:
        """Whether a transaction that `transaction` has told, and that nobody of ours committed, was."""
        return False

    def transaction(self, connection: Connection) -> str:
        """Return what tells the transaction at hand from the next one; "" if the guard knows."""
        return ""


def quoted(name: str) -> str:
    """Return an identifier in quotation marks, as SQL wants it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text in quotation marks, as SQL wants it."""
    return "'" + text.replace("'", "''") + "'"


def is_managed(name: str, exclude: Collection[str]) -> bool:
    """Whether a table belongs to the application, and not to Alembic, SQLite or the console."""
    return not (name in exclude or is_own(name) or name.startswith(("sqlite_", "_alembic_tmp_")))
