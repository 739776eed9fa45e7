"""story: the plan that is interrupted: DDL, a backfill in portions, rebuilds, and more DDL.

Each portion adds to what is there, so that one that ran twice, or never, shows in the rows.
"""

from __future__ import annotations

from console.schema.executor import apply
from tests.bench.ground import Ground
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import Sample

ROWS, PORTION = 900, 45
STOCK = Sample(
    "cccc1",
    ("bbbb1",),
    message="Count the stock",
    up=f"""\
with op.batch_alter_table("products") as batch:
    batch.add_column(sa.Column("stock", sa.Integer, server_default="0"))
connection = op.get_bind()
for first in range(0, {ROWS}, {PORTION}):
    connection.execute(
        sa.text(
            "UPDATE products SET stock = stock + 1, price = weight * 2 WHERE id > :a AND id <= :b"
        ),
        {{"a": first, "b": first + {PORTION}}},
    )
op.create_index("by_stock", "products", ["stock"])
op.execute("UPDATE products SET stock = stock + 10 WHERE id <= 100")
with op.batch_alter_table("products", recreate="auto") as batch:
    batch.alter_column(
        "name", existing_type=sa.String(80), type_=sa.String(120), existing_nullable=False
    )""",
    down="""\
op.drop_index("by_stock", "products")
with op.batch_alter_table("products") as batch:
    batch.drop_column("stock")
    batch.alter_column(
        "name", existing_type=sa.String(120), type_=sa.String(80), existing_nullable=False
    )
op.execute("UPDATE products SET price = NULL")""",
)
LABELS = Sample(
    "dddd1",
    ("cccc1",),
    message="Give products labels",
    up="""\
op.create_table(
    "labels",
    sa.Column("product_id", sa.Integer, sa.ForeignKey("products.id"), primary_key=True),
    sa.Column("text", sa.String(40), primary_key=True),
)
op.execute("INSERT INTO labels SELECT id, 'heavy' FROM products WHERE weight > 600")
op.execute("UPDATE products SET weight = weight + 1000")
op.create_index("by_text", "labels", ["text"])""",
    down='op.drop_table("labels")',
)
NUMBERS = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"
FILL = f"""
DELETE FROM reviews;
DELETE FROM products;
INSERT INTO products (id, name, weight) {NUMBERS} SELECT i, 'a product', i FROM n;
INSERT INTO reviews (id, product_id, text) SELECT id, id, 'text' FROM products WHERE id % 10 = 0;
"""


def tell(ground: Ground, place: Place) -> None:
    """Write the story's files, bring the database to its beginning, and keep that state."""
    place.write(PRODUCTS, PRICE, STOCK, LABELS)
    apply(place.target, place.plan("aaaa1"))
    place.run(FILL)
    ground.keep(place)
