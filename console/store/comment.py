"""comment: one contribution to the discussion of a review."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.store.account import AccountRow
from console.store.base import Base
from console.store.times import now


class CommentRow(Base):
    """One comment."""

    __tablename__ = "console_comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("console_review.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("console_account.id"))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)

    account: Mapped[AccountRow] = relationship(lazy="joined")
