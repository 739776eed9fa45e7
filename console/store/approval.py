"""approval: one vote on one plan digest."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.store.account import AccountRow
from console.store.base import Base
from console.store.times import now


class ApprovalRow(Base):
    """One vote, "approve" or "refuse". Renewing a review sets `voided_at` of every earlier vote."""

    __tablename__ = "console_approval"

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("console_review.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("console_account.id"))
    digest: Mapped[str] = mapped_column(String(64))
    vote: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    voided_at: Mapped[datetime | None]

    account: Mapped[AccountRow] = relationship(lazy="joined")
