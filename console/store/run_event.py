"""run_event: what a run said while it ran, in order."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from console.store.base import Base
from console.store.times import now


class RunEventRow(Base):
    """One line of a run's progress; `done` of `total` where the end is known."""

    __tablename__ = "console_run_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("console_run.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    kind: Mapped[str] = mapped_column(String(20))
    revision: Mapped[str | None] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    done: Mapped[int | None]
    total: Mapped[int | None]
