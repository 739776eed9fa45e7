"""A shop on a database server, to be judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from console.schema.executor import apply
from tests.histories.place import Place
from tests.histories.script_folder import Sample
from tests.servers import engine_of

SHOP = Sample(
    "aaaa1",
    up="""\
op.create_table(
    "products",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(60), server_default="new", comment="Its name", nullable=False),
    sa.Column("weight", sa.Integer),
)
op.create_table(
    "reviews", sa.Column("id", sa.Integer, primary_key=True), sa.Column("product", sa.Integer)
)
op.create_index("ix_weight", "products", ["weight"])""",
    down="raise NotImplementedError",
)
ROWS = (
    "INSERT INTO products (id, name, weight) VALUES (1, 'Lamp', 700), (2, 'Lamp', 70000), (3, 'Rug', 1)",
    "INSERT INTO reviews (id, product) VALUES (1, 1), (2, 7), (3, NULL)",
)


def shop(folder: Path, url: str) -> Place:
    """A shop on a server, with three products and three reviews."""
    place = Place(folder, [SHOP])
    place.target = replace(place.target, url=url)
    apply(place.target, place.plan())
    with engine_of(url).connect() as connection:
        for statement in ROWS:
            connection.exec_driver_sql(statement)
    return place
