"""shop_history: the history of an ordinary web shop, as Flask-Migrate writes it and people edit it."""

from __future__ import annotations

from tests.hazards.cases.case import batch
from tests.histories.script_folder import Sample

TABLES = Sample(
    "s01",
    message="Create users, products and orders",
    up="""\
op.create_table("users",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("email", sa.String(length=120), nullable=False),
    sa.Column("legacy_code", sa.String(length=20), nullable=True),
    sa.PrimaryKeyConstraint("id"))
op.create_table("products",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("name", sa.String(length=80), nullable=False),
    sa.Column("price", sa.Numeric(precision=10, scale=2), server_default="0", nullable=False),
    sa.Column("weight", sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint("id"))
op.create_table("orders",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("user_id", sa.Integer(), nullable=False),
    sa.Column("placed_at", sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_orders_user"),
    sa.PrimaryKeyConstraint("id"))
op.create_table("order_lines",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("order_id", sa.Integer(), nullable=False),
    sa.Column("product_id", sa.Integer(), nullable=False),
    sa.Column("quantity", sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_lines_order", ondelete="CASCADE"),
    sa.ForeignKeyConstraint(["product_id"], ["products.id"], name="fk_lines_product"),
    sa.PrimaryKeyConstraint("id"))
op.create_index("ix_orders_user", "orders", ["user_id"])
op.create_index("ix_lines_order", "order_lines", ["order_id"])
op.create_index("ix_lines_product", "order_lines", ["product_id"])""",
    down="op.drop_table('order_lines')\nop.drop_table('orders')\nop.drop_table('products')\n"
    "op.drop_table('users')",
)
ROWS = (
    "INSERT INTO users (id, email, legacy_code) VALUES (1, 'a@x', 'A1'), (2, 'b@x', NULL)",
    "INSERT INTO products (id, name, price, weight) VALUES (1, 'Lamp', 10, 700), (2, 'Rug', 25, NULL)",
    "INSERT INTO orders (id, user_id) VALUES (1, 1), (2, 2)",
    "INSERT INTO order_lines (id, order_id, product_id, quantity) VALUES (1, 1, 1, 2), (2, 2, 2, 1)",
)
LATER = (
    Sample(
        "s02",
        message="Describe products",
        up="op.add_column('products', sa.Column('description', sa.Text(), nullable=True))",
        down=batch("products", "batch.drop_column('description')"),
    ),
    Sample(
        "s03",
        message="Create categories",
        up="""\
op.create_table("categories",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("name", sa.String(length=60), nullable=False),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("name", name="uq_categories_name"))""",
        down="op.drop_table('categories')",
    ),
    Sample(
        "s04",
        message="Put products into categories",
        up=batch(
            "products",
            "batch.add_column(sa.Column('category_id', sa.Integer(), nullable=True))",
            "batch.create_index('ix_products_category', ['category_id'])",
            "batch.create_foreign_key('fk_products_category', 'categories', ['category_id'], ['id'])",
        ),
        down=batch(
            "products",
            "batch.drop_constraint('fk_products_category', type_='foreignkey')",
            "batch.drop_index('ix_products_category')",
            "batch.drop_column('category_id')",
        ),
    ),
    Sample(
        "s05",
        message="Fill in categories",
        up="op.execute(\"INSERT INTO categories (id, name) VALUES (1, 'Everything')\")\n"
        "op.execute('UPDATE products SET category_id = 1 WHERE category_id IS NULL')",
        down="op.execute('UPDATE products SET category_id = NULL WHERE category_id = 1')\n"
        "op.execute('DELETE FROM categories WHERE id = 1')",
    ),
    Sample(
        "s06",
        message="Require a category",
        up=batch(
            "products",
            "batch.alter_column('category_id', existing_type=sa.Integer(), nullable=False)",
        ),
        down=batch(
            "products",
            "batch.alter_column('category_id', existing_type=sa.Integer(), nullable=True)",
        ),
    ),
    Sample(
        "s07",
        message="Let users be inactive",
        up="op.add_column('users', sa.Column('is_active', sa.Boolean(), "
        "server_default=sa.text('true'), nullable=False))",
        down=batch("users", "batch.drop_column('is_active')"),
    ),
    Sample(
        "s08",
        message="Allow longer names",
        up=batch(
            "products",
            "batch.alter_column('name', existing_type=sa.String(length=80), "
            "type_=sa.String(length=120), existing_nullable=False)",
        ),
        down=batch(
            "products",
            "batch.alter_column('name', existing_type=sa.String(length=120), "
            "type_=sa.String(length=80), existing_nullable=False)",
        ),
    ),
    Sample(
        "s09",
        message="Drop the legacy code",
        up=batch("users", "batch.drop_column('legacy_code')"),
        down=batch(
            "users",
            "batch.add_column(sa.Column('legacy_code', sa.String(length=20), nullable=True))",
        ),
    ),
    Sample(
        "s10",
        message="Keep prices positive",
        up=batch("products", "batch.create_check_constraint('ck_products_price', 'price >= 0')"),
        down=batch("products", "batch.drop_constraint('ck_products_price', type_='check')"),
    ),
    Sample(
        "s11",
        message="Make addresses unique",
        up=batch("users", "batch.create_unique_constraint('uq_users_email', ['email'])"),
        down=batch("users", "batch.drop_constraint('uq_users_email', type_='unique')"),
    ),
    Sample(
        "s12",
        message="Weigh in grams",
        up=batch(
            "products",
            "batch.alter_column('weight', existing_type=sa.Integer(), new_column_name='grams', "
            "existing_nullable=True)",
        ),
        down=batch(
            "products",
            "batch.alter_column('grams', existing_type=sa.Integer(), new_column_name='weight', "
            "existing_nullable=True)",
        ),
    ),
    Sample(
        "s13",
        message="Create coupons and carts",
        up="""\
op.create_table("coupons",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("code", sa.String(length=20), nullable=False),
    sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), index=True),
    sa.PrimaryKeyConstraint("id"))
op.execute("INSERT INTO coupons (id, code) VALUES (1, 'WELCOME')")
op.execute("UPDATE coupons SET user_id = 1")""",
        down="op.drop_table('coupons')",
    ),
)
