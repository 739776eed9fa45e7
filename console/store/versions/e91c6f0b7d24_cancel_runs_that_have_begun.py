"""Cancel runs that have begun

Revision ID: e91c6f0b7d24
Revises: d7b2e4a9105c
Create Date: 2026-11-23 00:40:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from console.store.times import UtcDateTime

revision = "e91c6f0b7d24"
down_revision = "d7b2e4a9105c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a run say that somebody asked for its end."""
    op.add_column("console_run", sa.Column("cancel_asked_at", UtcDateTime(), nullable=True))
    op.add_column("console_run", sa.Column("cancel_asked_by", sa.String(120), nullable=True))


def downgrade() -> None:
    """Forget who asked; the audit trail still tells it."""
    op.drop_column("console_run", "cancel_asked_by")
    op.drop_column("console_run", "cancel_asked_at")
