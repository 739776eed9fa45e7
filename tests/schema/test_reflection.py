"""What SQLAlchemy reflects of any database becomes the same values; here on SQLite."""

import sqlalchemy as sa

from console.schema.reflection import read_reflected
from console.schema.table import Column, Part


def test_a_schema_is_reflected(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    metadata = sa.MetaData()
    sa.Table("owners", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "products",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False, server_default="x"),
        sa.Column("price", sa.Numeric(10, 2)),
        sa.Column("double", sa.Numeric, sa.Computed("price * 2", persisted=True)),
        sa.Column("owner", sa.ForeignKey("owners.id", ondelete="CASCADE", name="owned")),
        sa.UniqueConstraint("name", name="once"),
        sa.CheckConstraint("price >= 0", name="positive"),
        sa.Index("by_price", "price", unique=True),
    )
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE VIEW cheap AS SELECT id FROM products")
        tables, views = read_reflected(connection, lambda name: name != "owners")
    engine.dispose()
    (products,) = tables
    assert products.columns == (
        Column("id", "INTEGER", False, primary_key=True),
        Column("name", "VARCHAR(80)", False, "'x'"),
        Column("price", "NUMERIC(10, 2)", True),
        Column("double", "NUMERIC", True, notes=("generated always as (price * 2) stored",)),
        Column("owner", "INTEGER", True),
    )
    assert products.parts == (
        Part("check", "positive", "(price >= 0)"),
        Part("foreign key", "owned", "(owner) references owners (id) on delete CASCADE"),
        Part("index", "by_price", "unique (price)"),
        Part("unique", "once", "(name)"),
    )
    assert [view.name for view in views] == ["cheap"]
