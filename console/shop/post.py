"""post: what a user wrote."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.extensions import db

if TYPE_CHECKING:
    from console.shop.user import User


class Post(db.Model):
    """A post and its author."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    # in brackets: MySQL takes an expression only as the default of a text
    body: Mapped[str] = mapped_column(Text, default="", server_default=text("('')"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    author: Mapped[User] = relationship(back_populates="posts")

    def __str__(self) -> str:
        return self.title
