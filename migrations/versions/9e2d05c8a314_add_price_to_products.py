"""Add price to products

Revision ID: 9e2d05c8a314
Revises: 4c1a7f20b9de
Create Date: 2026-11-21 15:30:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "9e2d05c8a314"
down_revision = "4c1a7f20b9de"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("products") as batch_op:
        batch_op.add_column(sa.Column("price", sa.Numeric(precision=10, scale=2), nullable=True))
        batch_op.create_check_constraint(op.f("ck_products_price_not_negative"), "price >= 0")


def downgrade():
    with op.batch_alter_table("products") as batch_op:
        batch_op.drop_constraint(op.f("ck_products_price_not_negative"), type_="check")
        batch_op.drop_column("price")
