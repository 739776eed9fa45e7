"""Cancel comparisons

Revision ID: a4e7c2d8b135
Revises: f3a8d51c9e60
Create Date: 2026-11-25 20:00:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from console.store.times import UtcDateTime

revision = "a4e7c2d8b135"
down_revision = "f3a8d51c9e60"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a comparison say that somebody asked for its end."""
    op.add_column("console_drift", sa.Column("cancel_asked_at", UtcDateTime(), nullable=True))
    op.add_column("console_drift", sa.Column("cancel_asked_by", sa.String(120), nullable=True))


def downgrade() -> None:
    """Forget who asked; the audit trail still tells it."""
    op.drop_column("console_drift", "cancel_asked_by")
    op.drop_column("console_drift", "cancel_asked_at")
