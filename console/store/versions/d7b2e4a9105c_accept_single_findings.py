"""Accept single findings

Revision ID: d7b2e4a9105c
Revises: c0a1f3d27e60
Create Date: 2026-11-23 00:20:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from console.store.times import UtcDateTime

revision = "d7b2e4a9105c"
down_revision = "c0a1f3d27e60"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for the findings that people accept in a review."""
    op.create_table(
        "console_acceptance",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "review_id",
            sa.Integer(),
            sa.ForeignKey("console_review.id"),
            nullable=False,
            index=True,
        ),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("console_account.id"), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("revision", sa.String(200), nullable=False),
        sa.Column("code", sa.String(100), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("danger", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("active_key", sa.String(64), nullable=True, unique=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
    )


def downgrade() -> None:
    """Forget what was accepted; the audit trail still tells it."""
    op.drop_table("console_acceptance")
