"""user: somebody who writes posts (a row of the managed application, not an account of the console)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import String, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.extensions import db

if TYPE_CHECKING:
    from console.shop.post import Post


class User(db.Model):
    """A user and the posts they wrote, newest first. Deleting a user deletes their posts."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    posts: Mapped[list[Post]] = relationship(
        back_populates="author",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="Post.created_at.desc(), Post.id.desc()",
    )

    def __str__(self) -> str:
        return self.name
