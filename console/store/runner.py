"""runner: a process that executes runs, and when it was last seen."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from console.store.base import Base
from console.store.times import now


class RunnerRow(Base):
    """One process. `kind` is "worker" for the one that waits for runs and "command" for a command
    that executes its own; `born` tells it from a later process with the same `pid`."""

    __tablename__ = "console_runner"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    host: Mapped[str] = mapped_column(String(200))
    pid: Mapped[int]
    born: Mapped[str] = mapped_column(String(40), default="")
    started_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now, index=True)
    stopped_at: Mapped[datetime | None]
