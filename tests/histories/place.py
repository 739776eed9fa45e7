"""A target for tests that run migrations: a script folder, a database with rows, a workspace."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from console.schema.executor import apply
from console.schema.plan import Plan, make_plan
from console.schema.rehearsal import Rehearsal, rehearse
from console.schema.target import Target
from tests.histories.script_folder import Sample, target_of, text_of, write_folder

PRODUCTS = Sample(
    "aaaa1",
    message="Create products and reviews",
    up="""\
op.create_table(
    "products",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("weight", sa.Integer),
)
op.create_table(
    "reviews",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "product_id", sa.Integer,
        sa.ForeignKey("products.id", name="fk_reviews_product_id", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("text", sa.Text),
)""",
    down='op.drop_table("reviews")\nop.drop_table("products")',
)
PRICE = Sample(
    "bbbb1",
    ("aaaa1",),
    message="Add price to products",
    up="""\
with op.batch_alter_table("products") as batch:
    batch.add_column(sa.Column("price", sa.Numeric(10, 2), nullable=True))
    batch.create_check_constraint("ck_price", "price >= 0")""",
    down="""\
with op.batch_alter_table("products") as batch:
    batch.drop_constraint("ck_price", type_="check")
    batch.drop_column("price")""",
)
ROWS = """
INSERT INTO products (id, name, weight) VALUES (1, 'Lamp', 700), (2, 'Chair', 4200), (3, 'Rug', NULL);
INSERT INTO reviews (id, product_id, text) VALUES (1, 1, 'bright'), (2, 1, 'warm'), (3, 2, 'hard');
"""
MADE: dict[tuple[str, tuple[Sample, ...]], bytes] = {}


class Place:
    """A target in a folder of its own. With `at`, its database is brought there and given rows."""

    def __init__(self, folder: Path, samples: Iterable[Sample], *, at: str | None = None) -> None:
        self.folder = folder
        self.scripts = write_folder(folder / "migrations", samples)
        self.target: Target = target_of(self.scripts)
        self.workspace = folder / "workspace"
        self.file = folder / "database.db"
        if at:
            self._bring_to(at, samples)

    def _bring_to(self, revision: str, samples: Iterable[Sample]) -> None:
        """Migrate and fill the database; from a copy if this process has made the same before."""
        key = (revision, tuple(samples))
        if key not in MADE:
            apply(self.target, self.plan(revision))
            self.run(ROWS)
            MADE[key] = self.file.read_bytes()
        self.file.write_bytes(MADE[key])

    def write(self, *samples: Sample) -> None:
        """Add revision files."""
        for sample in samples:
            (self.scripts / "versions" / f"{sample.id}_.py").write_text(text_of(sample))

    def environment(self, text: str) -> None:
        """Replace env.py."""
        (self.scripts / "env.py").write_text(text)

    def plan(self, goal: str = "head") -> Plan:
        """A plan from where the database stands."""
        return make_plan(self.target, goal)

    def rehearse(self, goal: str = "head") -> Rehearsal:
        """Plan and rehearse."""
        return rehearse(self.target, self.plan(goal), workspace=self.workspace)

    def run(self, script: str) -> None:
        """Change the database from outside."""
        with closing(sqlite3.connect(self.file)) as connection:
            connection.executescript(script)

    def ask(self, sql: str) -> list[Any]:
        """Read from the database; rows of one column come as its values."""
        with closing(sqlite3.connect(self.file)) as connection:
            rows = connection.execute(sql).fetchall()
        return [row[0] if len(row) == 1 else row for row in rows]

    def dump(self) -> list[str]:
        """Everything in the database, as SQL."""
        with closing(sqlite3.connect(self.file)) as connection:
            return list(connection.iterdump())
