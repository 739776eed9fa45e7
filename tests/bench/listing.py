"""listing: a history of 5,000 revisions, read for the first time and again."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from pathlib import Path

from console.schema.folder import RACY_NS
from console.schema.history import read_history
from tests.bench.line import Line
from tests.bench.measure import cost_of, median
from tests.histories.place import Place
from tests.histories.script_folder import Sample

REVISIONS, ROUNDS = 5_000, 7
# What autogenerate writes for a table, an index and a column.
UP = """\
op.create_table(
    "parts",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("name", sa.String(length=80), nullable=False),
    sa.Column("product_id", sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(["product_id"], ["products.id"], name="fk_parts_product_id"),
    sa.PrimaryKeyConstraint("id", name="pk_parts"),
)
with op.batch_alter_table("parts", schema=None) as batch_op:
    batch_op.create_index("ix_parts_name", ["name"], unique=False)
with op.batch_alter_table("products", schema=None) as batch_op:
    batch_op.add_column(sa.Column("price", sa.Numeric(10, 2), nullable=True))"""
DOWN = """\
with op.batch_alter_table("products", schema=None) as batch_op:
    batch_op.drop_column("price")
with op.batch_alter_table("parts", schema=None) as batch_op:
    batch_op.drop_index("ix_parts_name")
op.drop_table("parts")"""


def measure(folder: Path) -> Iterator[Line]:
    """Cold: every file opened and parsed, beside Python's parser alone, in one process. Warm: every
    file looked at, none opened, beside the same question put to the file system and nothing else."""
    samples = [
        Sample(f"r{n:05}", parents, up=UP, down=DOWN, message=f"Step {n}")
        for n in range(REVISIONS)
        for parents in [(f"r{n - 1:05}",) if n else ()]
    ]
    place = Place(folder, samples)
    time.sleep(RACY_NS / 1e9)  # before that nobody can tell by a stamp that a file is what it was
    cold = cost_of(lambda: read_history(place.target, anew=True))
    paths = [revision.path for revision in read_history(place.target).revisions]
    sources = [path.read_bytes() for path in paths]
    parsing = cost_of(lambda: [ast.parse(source) and None for source in sources])
    yield Line("files", f"{REVISIONS:,} revisions listed, cold, beside ast.parse", cold, parsing)
    warm, asked = (
        median([cost_of(work) for _ in range(ROUNDS)])
        for work in (lambda: read_history(place.target), lambda: [path.stat() for path in paths])
    )
    yield Line("files", f"{REVISIONS:,} revisions listed, warm, beside stat", warm, asked)
