"""drift: one comparison of a target's models, database and history, asked for in the browser."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from console.store.base import Base
from console.store.times import now


class DriftRow(Base):
    """One comparison: "queued", "running", "done", "failed" or "cancelled".

    `active_target` is the target's name until it has ended, else NULL; being unique it lets one at a
    time be asked for. `progress` is what it does now, `drift` what it found. `cancel_asked_at`
    is when somebody asked for the end of one that had begun.
    """

    __tablename__ = "console_drift"

    id: Mapped[int] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(String(100), index=True)
    active_target: Mapped[str | None] = mapped_column(String(100), unique=True)
    state: Mapped[str] = mapped_column(String(12), index=True)
    requested_by: Mapped[str] = mapped_column(String(120))
    queued_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    runner_id: Mapped[int | None] = mapped_column(ForeignKey("console_runner.id"))
    cancel_asked_at: Mapped[datetime | None]
    cancel_asked_by: Mapped[str | None] = mapped_column(String(120))
    progress: Mapped[str] = mapped_column(Text, default="")
    error: Mapped[str | None] = mapped_column(Text)
    is_clean: Mapped[bool | None]
    drift: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
