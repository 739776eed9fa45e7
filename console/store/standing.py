"""standing: where the console last knew a target to stand."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from console.store.base import Base
from console.store.times import now


class StandingRow(Base):
    """The heads of one target as of the last look or the last run; a difference came from outside."""

    __tablename__ = "console_standing"

    target: Mapped[str] = mapped_column(String(100), primary_key=True)
    identity: Mapped[str] = mapped_column(String(500))
    heads: Mapped[list[str]]
    noted_at: Mapped[datetime] = mapped_column(default=now)
