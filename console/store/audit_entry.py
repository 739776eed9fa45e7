"""audit_entry: one line of the append-only record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from console.store.base import Base
from console.store.times import now


class AuditEntryRow(Base):
    """One entry. It points to nothing: name and e-mail are copied, so that it outlives what it names.

    Triggers refuse to change or delete a row.
    """

    __tablename__ = "console_audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    actor: Mapped[str] = mapped_column(String(120))
    actor_email: Mapped[str | None] = mapped_column(String(254))
    actor_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(60), index=True)
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]]
    review_id: Mapped[int | None] = mapped_column(index=True)
    run_id: Mapped[int | None]
