"""session: one sign-in on one browser, kept on the server so that it can be ended there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.store.account import AccountRow
from console.store.base import Base
from console.store.times import now


class SessionRow(Base):
    """One sign-in. Only the SHA-256 of its token is kept: the store cannot sign anybody in."""

    __tablename__ = "console_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("console_account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    address: Mapped[str] = mapped_column(String(64), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")

    account: Mapped[AccountRow] = relationship(lazy="joined")
