"""shape: generated tables with rows of which everything is known."""

from __future__ import annotations

import datetime
import math
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

Value = Any
Row = dict[str, Value]
WORDS = ("Lamp", "chair", "Müller & Söhne", "naïve café", " padded ", "007", "a\r\nb", "x" * 70)
ZONE = datetime.UTC


@dataclass(frozen=True)
class Kind:
    """A kind of column: its type, as written in a revision and as made here, and random values."""

    name: str
    source: str
    type: sa.types.TypeEngine[Any]
    make: Callable[[random.Random], Value]


def text(chance: random.Random) -> str:
    """Words that are easily damaged."""
    return f"{chance.choice(WORDS)} {chance.choice('abcdéÄß')}{chance.randrange(1000)}"[:80]


def moment(chance: random.Random) -> datetime.datetime:
    """A time with microseconds."""
    seconds, micro = chance.randrange(1_500_000_000, 1_700_000_000), chance.randrange(1, 1_000_000)
    return datetime.datetime.fromtimestamp(seconds, ZONE).replace(microsecond=micro, tzinfo=None)


def document(chance: random.Random) -> dict[str, Value]:
    """What people keep in JSON."""
    return {"size": chance.randrange(99), "tags": ["a", chance.choice("xyz")], "name": "Größe"}


NUMBERS = (-1, -2, 0, 1, 2**31 - 1, 7)
KINDS = {
    kind.name: kind
    for kind in (
        Kind("number", "sa.Integer()", sa.Integer(), lambda c: c.choice(NUMBERS)),
        Kind(
            "big",
            "sa.BigInteger()",
            sa.BigInteger(),
            lambda c: c.choice((2**53 + 1, -(2**53) - 1, 2**62 + c.randrange(99))),
        ),
        Kind(
            "price",
            "sa.Numeric(12, 2)",
            sa.Numeric(12, 2),
            lambda c: Decimal(c.randrange(1, 10**6) * 100 + c.randrange(1, 100)) / 100,
        ),
        Kind("ratio", "sa.Double()", sa.Double(), lambda c: c.uniform(-1e6, 1e6) / 3),
        Kind("name", "sa.String(80)", sa.String(80), text),
        Kind("note", "sa.Text()", sa.Text(), text),
        Kind("active", "sa.Boolean()", sa.Boolean(), lambda c: c.random() < 0.5),
        Kind(
            "day",
            "sa.Date()",
            sa.Date(),
            lambda c: datetime.date(2024, 1, 1) + datetime.timedelta(c.randrange(700)),
        ),
        Kind(
            "at",
            "sa.DateTime()",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"),
            moment,
        ),
        Kind(
            "data",
            "sa.JSON()",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            document,
        ),
        Kind("raw", "sa.LargeBinary()", sa.LargeBinary(), lambda c: c.randbytes(12)),
        Kind(
            "code", "sa.Uuid()", sa.Uuid(), lambda c: uuid.UUID(int=c.getrandbits(128), version=4)
        ),
    )
}


@dataclass
class Shape:
    """A table: its key, its columns by name, whose rows its own belong to, and its rows."""

    name: str
    key: tuple[str, ...]  # () for none; then `line` tells rows apart
    columns: dict[str, Kind]
    parent: str | None
    rows: list[Row]

    @property
    def mark(self) -> tuple[str, ...]:
        """What tells a row from every other."""
        return self.key or ("line",)

    def table(self, metadata: sa.MetaData) -> sa.Table:
        """As SQLAlchemy knows it."""
        columns: list[Any] = []
        for name, kind in self.columns.items():
            links = [sa.ForeignKey(f"{self.parent}.id")] if name == "parent_id" else []
            is_key = name in self.key
            made = sa.Column(name, kind.type, *links, primary_key=is_key, autoincrement=False)
            columns.append(made)
        return sa.Table(self.name, metadata, *columns)


def make_shapes(chance: random.Random) -> list[Shape]:
    """A parent with an integer key, a child of it, one with a key of two columns, one without."""
    parent = _shape(chance, "customer", ("id",), None, chance.randrange(8, 40))
    child = _shape(chance, "Order", ("id",), parent, chance.randrange(8, 60))
    double = _shape(chance, "line_item", ("id", "line"), parent, chance.randrange(8, 40))
    keyless = _shape(chance, "log", (), None, chance.randrange(8, 40))
    return [parent, child, double, keyless]


def _shape(
    chance: random.Random, name: str, key: tuple[str, ...], parent: Shape | None, rows: int
) -> Shape:
    number = KINDS["number"]
    named = list(KINDS.items())
    chance.shuffle(named)
    columns = dict.fromkeys((*key, *(() if key else ("line",))), number)
    columns |= {"parent_id": number} if parent else {}
    columns |= dict(named) | {"second_name": KINDS["name"], "second_price": KINDS["price"]}
    shape = Shape(name, key, columns, parent.name if parent else None, [])
    for position in range(1, rows + 1):
        row: Row = {
            column: None if chance.random() < 0.1 else kind.make(chance)
            for column, kind in columns.items()
        }
        row |= {"id": position} if "id" in columns else {}
        row |= {"line": position * 3} if "line" in columns else {}
        row |= {"parent_id": chance.choice(parent.rows)["id"]} if parent else {}
        shape.rows.append(row)
    return shape


def is_same(one: Value, other: Value) -> bool:
    """Whether two values are one to every database."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=0, abs_tol=0)
    return type(one) is type(other) and one == other
