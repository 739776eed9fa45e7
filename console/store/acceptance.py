"""acceptance: a finding that somebody accepted in a review, with a reason."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.store.account import AccountRow
from console.store.base import Base
from console.store.times import now


class AcceptanceRow(Base):
    """One finding of one plan digest, accepted by one person; `danger` is what it said then.

    `active_key` stands for review, digest and finding while the acceptance holds, else NULL; being
    unique it lets one person at a time accept a finding. `ended_at` is when it was taken back, or
    when the review was renewed.
    """

    __tablename__ = "console_acceptance"

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("console_review.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("console_account.id"))
    digest: Mapped[str] = mapped_column(String(64))
    revision: Mapped[str] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(Text)
    danger: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    active_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]

    account: Mapped[AccountRow] = relationship(lazy="joined")
