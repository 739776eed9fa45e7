"""Cases of rules about the revision files themselves, and about the way back."""

from tests.hazards.cases.case import Case, filled

CASES = (
    Case(
        "empty-downgrade",
        "op.create_table('boxes', sa.Column('id', sa.Integer))",
        "Empty downgrade",
        "The downgrade does nothing, so the way back promises what it does not keep.",
        severity="warning",
        down="pass",
        keep="op.create_table('boxes', sa.Column('id', sa.Integer))",
    ),
    Case(
        "lossy-downgrade",
        "op.add_column('bags', sa.Column('size', sa.Integer))",
        "Lossy downgrade",
        "column weight removed, 2 values lost",
        severity="warning",
        tables=filled("bags", "id INTEGER PRIMARY KEY, weight INTEGER", "1, 7", "2, 8"),
        down="with op.batch_alter_table('bags') as batch:\n"
        "    batch.drop_column('size')\n    batch.drop_column('weight')",
        alone=True,
        keep="op.add_column('bags', sa.Column('size', sa.Integer))",
    ),
    Case(
        "imports-live-models",
        "Product.rename()",
        "shop_models.models.Product",
        "The file imports shop_models.models.Product from the application.",
        top="from shop_models.models import Product",
        tables=filled("products", "id INTEGER PRIMARY KEY, name VARCHAR(60)", "1, 'Lamp'"),
        fill=("product.c.id == 1", "name='Chair'"),
    ),
    Case(
        "depends-on-environment",
        "op.f(os.environ.get('SEASON', ''))",
        "os.environ.get",
        "The file uses os.environ.get.",
        severity="warning",
        top="import os",
        tables=filled("seen", "id INTEGER PRIMARY KEY, at TIMESTAMP NULL"),
        fill=("seen", "at", "id = 1"),
    ),
    Case(
        "loads-what-is-not-digested",
        "importlib.import_module('js' + 'on')",
        "line 10",
        "Line 10 loads what the digest does not cover.",
        severity="warning",
        top="import importlib",
        fill=("json",),
    ),
    Case(
        "offline-unsafe",
        "op.get_bind().execute(sa.text('SELECT 1')).scalar()",
        "line 9",
        "Line 9 asks the database, which an SQL preview does not have.",
        severity="warning",
        tables=filled("tags", "id INTEGER PRIMARY KEY", "1"),
        fill=("tags (id)", "2", "tags", "SELECT 1 FROM tags WHERE id = 2"),
    ),
    Case(
        "swallowed-exception",
        "try:\n    op.create_table('shelves', sa.Column('id', sa.Integer))\nexcept Exception:\n    pass",
        "line 11",
        "An exception in line 11 is caught and not raised again.",
    ),
    Case(
        "acceptance-not-understood",
        "# console: accept drop-column\npass",
        "line 9",
        "The comment in line 9 accepts nothing: “accept drop-column”.",
        severity="warning",
    ),
)
