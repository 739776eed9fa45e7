"""run: one execution of a plan, on a clone or for real."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from console.store.base import Base
from console.store.times import now


class RunRow(Base):
    """One run; this table is the truth about what is executed.

    `active_target` is the target's name while an apply is queued or running, else NULL; being
    unique it lets one apply at a time have a target. `rehearsal_id` is the rehearsal that an apply
    is measured against. `lease_until` is how long `runner_id` counts as alive without a sign.
    `cancel_asked_at` is when somebody asked for the end of a run that had begun.
    """

    __tablename__ = "console_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    review_id: Mapped[int | None] = mapped_column(ForeignKey("console_review.id"), index=True)
    rehearsal_id: Mapped[int | None] = mapped_column(ForeignKey("console_run.id"))
    target: Mapped[str] = mapped_column(String(100), index=True)
    goal: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    plan: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12), index=True)
    active_target: Mapped[str | None] = mapped_column(String(100), unique=True)
    requested_by: Mapped[str] = mapped_column(String(120))
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("console_account.id"))
    queued_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    runner_id: Mapped[int | None] = mapped_column(ForeignKey("console_runner.id"))
    lease_until: Mapped[datetime | None]
    cancel_asked_at: Mapped[datetime | None]
    cancel_asked_by: Mapped[str | None] = mapped_column(String(120))
    error: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    rehearsal: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    hazards: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
