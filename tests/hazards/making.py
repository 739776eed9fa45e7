"""Rehearsals that never happened: what a rule sees of a database that need not be there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from console.hazards.evidence import Asker
from console.hazards.hazard import Hazard
from console.hazards.judge import judge
from console.schema.catalogue import Catalogue, Column, Difference, Part, Table
from console.schema.history import read_history
from console.schema.ledger import ColumnCount, TableCount
from console.schema.outcome import StepResult
from console.schema.probe import Probe, Question
from console.schema.rehearsal import Rehearsal
from console.schema.statement import Operation, Statement
from tests.histories.place import Place
from tests.histories.script_folder import Sample

URLS = {"postgresql": "postgresql+psycopg://host/shop", "mysql": "mysql+pymysql://host/shop"}
PRODUCTS = Table(
    "products",
    (
        Column("id", "INTEGER", nullable=False, primary_key=True),
        Column(
            "name", "VARCHAR(60)", nullable=False, default="'new'", notes=("comment 'Its name'",)
        ),
        Column("price", "NUMERIC(10, 2)", nullable=True),
        Column("made", "TIMESTAMP", nullable=True),
    ),
    (
        Part("check", "ck_filled", "(price IS NOT NULL)"),
        Part("index", "ix_name", "(name)"),
        Part("unique", "uq_pair", "(name, price)"),
    ),
)
COUNTS = (
    TableCount("products", 3, tuple(ColumnCount(c.name, 3, "") for c in PRODUCTS.columns)),
    TableCount("empty", 0, (ColumnCount("id", 0, ""),)),
)
EMPTY = Table("empty", (Column("id", "INTEGER", nullable=False, primary_key=True),))


def operation(
    name: str, table: str = "products", column: str | None = None, **details: str
) -> Operation:
    """An operation of the one revision."""
    return Operation("aaaa1", name, table, column, tuple(details.items()))


def made_up(
    folder: Path,
    database: str,
    *sql: str | Statement,
    operations: tuple[Operation, ...] = (),
    tables: tuple[Table, ...] = (PRODUCTS, EMPTY),
    size: int | None = 50_000_000,
    up: str = "pass",
    difference: Difference | None = None,
    clone: str = "",
    ask: Asker | None = None,
) -> tuple[Hazard, ...]:
    """The hazards of a revision that sent these statements, on tables of `size` bytes, or
    of which `ask` answers."""
    place = Place(folder, [Sample("aaaa1", up=up, down="raise NotImplementedError")])
    sent = tuple(s if isinstance(s, Statement) else Statement("aaaa1", s, 1.0) for s in sql)
    rehearsal = Rehearsal(
        digest="",
        succeeded=True,
        clone=clone,
        clone_milliseconds=0.0,
        milliseconds=1.0,
        steps=(StepResult("aaaa1", 1.0, sent),),
        difference=difference or Difference(()),
        ledger=None,
        operations=operations,
        before=Catalogue(tables),
        counts=COUNTS,
    )

    def of_size(question: Question) -> Probe | None:
        answer = size if question.kind == "size" else None
        return Probe(question, answer, datetime(2026, 5, 1, 8, 30, tzinfo=UTC))

    target = replace(place.target, url=URLS[database])
    return judge(target, place.plan(), rehearsal, read_history(place.target), ask=ask or of_size)
