"""Compare models, database and history in the browser

Revision ID: f3a8d51c9e60
Revises: e91c6f0b7d24
Create Date: 2026-11-23 01:00:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from console.store.times import UtcDateTime

revision = "f3a8d51c9e60"
down_revision = "e91c6f0b7d24"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for what was compared, and what was found."""
    op.create_table(
        "console_drift",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("target", sa.String(100), nullable=False, index=True),
        sa.Column("active_target", sa.String(100), nullable=True, unique=True),
        sa.Column("state", sa.String(12), nullable=False, index=True),
        sa.Column("requested_by", sa.String(120), nullable=False),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("runner_id", sa.Integer(), sa.ForeignKey("console_runner.id"), nullable=True),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("is_clean", sa.Boolean(), nullable=True),
        sa.Column("drift", sa.JSON(none_as_null=True), nullable=True),
    )


def downgrade() -> None:
    """Forget what was found; it can be compared again."""
    op.drop_table("console_drift")
