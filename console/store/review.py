"""review: a plan put before people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.store.account import AccountRow
from console.store.base import Base
from console.store.times import now


class ReviewRow(Base):
    """One review with the plan that people vote on.

    `open_digest` is the plan's digest while the review can still be applied, else NULL; being
    unique it lets one plan have one open review. `renewed_by` is who made the plan current last.
    """

    __tablename__ = "console_review"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    target: Mapped[str] = mapped_column(String(100), index=True)
    goal: Mapped[str] = mapped_column(String(200))
    direction: Mapped[str] = mapped_column(String(4))
    digest: Mapped[str] = mapped_column(String(64))
    open_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    plan: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("console_account.id"))
    renewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("console_account.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)

    author: Mapped[AccountRow] = relationship(foreign_keys=author_id, lazy="joined")
    renewed_by: Mapped[AccountRow | None] = relationship(foreign_keys=renewed_by_id, lazy="joined")
